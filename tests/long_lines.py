"""A single line of many characters, trained or predicted on in a process of its own; prints seconds and bytes.

Arguments: `train` or `predict`, a kind, the number of characters, a folder for the file. The seconds are those of the
processor, the bytes those of the greatest memory beyond that before.
"""

import resource
import sys
import time
from pathlib import Path
from typing import Any

import elman
from any_bytes import model
from elman.models.kinds import KINDS
from tiny import CLASSIFIER, SEQ2SEQ, SIZE, TAGGER

OPTIONS: dict[str, dict[str, Any]] = {
    "language-model": {**SIZE, "budget": "2s"}, "tagger": {**TAGGER, "budget": "2s"},
    "classifier": {**CLASSIFIER, "epochs": 1}, "seq2seq": {**SEQ2SEQ, "epochs": 1},
}  # fmt: skip


def text_of(kind: str, command: str, count: int) -> tuple[str, str]:
    """The name of a file, and its text with a line, or a sentence, of so many characters."""
    line = ("the cat sees it . " * (count // 18 + 1))[:count]
    if command == "predict" or kind == "language-model":
        return "a.txt", line + "\n"
    if kind == "tagger":
        return "a.bio", "".join(f"{word}\tX\n" for word in line.split()) + "y\tO\n\n"
    if kind == "classifier":
        return "a.tsv", f"label\ttext\na\t{line}\nb\t{line[::-1]}\n"
    return "a.tsv", f"source\ttarget\n{line}\tx y\nabc\tcba\n"


def main() -> None:
    """Do it, and print what it took."""
    command, kind, count, folder = sys.argv[1:]
    name, text = text_of(kind, command, int(count))
    path = Path(folder) / name
    path.write_text(text, encoding="utf-8")
    if command == "predict":
        model(kind)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    if command == "train":
        getattr(elman, KINDS[kind].front).train(path, dev="none", **OPTIONS[kind])
    else:
        model(kind).predict_to([path], lambda text: None, **({"maximum_length": 8} if kind == "seq2seq" else {}))
    seconds = time.process_time() - begun
    size = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    sys.stdout.write(f"{seconds} {size}\n")


if __name__ == "__main__":
    main()
