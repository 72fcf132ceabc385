"""Corpora: hand counts, the split, types of ids, and memory that does not grow with the text."""

import gzip
import io
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.config import ReadConfig
from elman.data.corpus import Corpus, TextCounts, build_corpus, id_type, training_text
from elman.data.formats import read
from elman.errors import InputError, OptionError
from elman.text.characters import ByteTokenizer, CharTokenizer
from elman.text.config import TOKENIZERS, TextConfig
from elman.text.tokenizer import Tokenizer, train_tokenizer
from elman.text.words import WordTokenizer

LINES, RUNNING = ReadConfig(), ReadConfig(continuous=True)
CHARS = CharTokenizer(["a", "b", " ", "\n"])
TEXT = "a b\n\nab c\n  \nb"


def build(path: Path, tokenizer: Tokenizer, config: ReadConfig, part: str | None = None) -> Corpus:
    return build_corpus([path], tokenizer, config=config, folder=path.parent, name=f"x-{part}", part=part)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8", newline="")
    return tmp_path / "a.txt"


def test_lines_of_characters(path: Path) -> None:
    corpus = build(path, CHARS, LINES)
    assert corpus.ids.tolist() == [3, 5, 4, 3, 4, 5, 0, 4]  # "a b", "ab c", "b"; c is unknown
    assert corpus.starts is not None and corpus.starts.tolist() == [0, 3, 7, 8]
    # 8 characters and 3 ends; words a, b, ab, c, b and 3 ends
    assert corpus.counts == TextCounts(sequences=3, tokens=11, words=8, characters=11, unknown=1)


def test_running_characters(path: Path) -> None:
    corpus = build(path, CHARS, RUNNING)
    assert corpus.ids.tolist() == [3, 5, 4, 6, 6, 3, 4, 5, 0, 6, 5, 5, 6, 4]
    assert corpus.starts is None
    # 14 characters, four of them line ends; words a, b, ab, c, b and 4 line ends
    assert corpus.counts == TextCounts(sequences=1, tokens=14, words=9, characters=14, unknown=1)


def test_lines_of_words(path: Path) -> None:
    corpus = build(path, WordTokenizer(["a", "b"], continuous=False), LINES)
    assert corpus.ids.tolist() == [3, 4, 0, 0, 4]
    assert corpus.starts is not None and corpus.starts.tolist() == [0, 2, 4, 5]
    assert corpus.counts == TextCounts(sequences=3, tokens=8, words=8, characters=11, unknown=2)


def test_running_words(path: Path) -> None:
    corpus = build(path, WordTokenizer(["a", "b"], continuous=True), RUNNING)
    assert corpus.ids.tolist() == [3, 4, 2, 2, 0, 0, 2, 2, 4]
    assert corpus.counts == TextCounts(sequences=1, tokens=9, words=9, characters=14, unknown=2)


def test_bytes_count_characters_of_unicode(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("한 글\r\n".encode())
    corpus = build(tmp_path / "a.txt", ByteTokenizer(), RUNNING)
    assert corpus.counts == TextCounts(sequences=1, tokens=8, words=3, characters=4, unknown=0)
    assert corpus.ids.dtype == np.uint16


@pytest.mark.parametrize(
    ("size", "name"), [(4, "uint8"), (256, "uint8"), (257, "uint16"), (65536, "uint16"), (65537, "int32")]
)
def test_ids_have_the_smallest_type_that_holds_them(size: int, name: str) -> None:
    assert id_type(size) == np.dtype(name)
    assert np.iinfo(id_type(size)).max >= size - 1


KINDS = {
    kind: train_tokenizer(
        ["a b\nab  ba\n\n  aab baa\n" * 9], TextConfig(kind, 270 if kind == "bpe" else None), continuous=True
    )
    for kind in TOKENIZERS
}


@pytest.mark.parametrize("kind", TOKENIZERS)
@given(text=st.text(st.sampled_from("ab \n\r한\t\u2028"), min_size=1, max_size=60), chunk=st.integers(1, 30))
def test_running_text_has_the_symbols_of_its_lines_one_by_one(kind: str, text: str, chunk: int) -> None:
    text += "\n" * ("\r" in text and "\n" not in text)
    tokenizer = KINDS[kind]
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr("elman.data.sources.CHUNK", chunk)
        patch.setattr("elman.data.formats.BLOCK", chunk)
        path = Path(folder) / "a.txt"
        path.write_bytes(text.encode())
        corpus = build_corpus([path], tokenizer, config=RUNNING, folder=folder, name="x")
        lines = [tokenizer.encode(example.text + example.end) for example in read([path], RUNNING)]
    assert corpus.ids.tolist() == np.concatenate(lines).tolist()
    assert tokenizer.decode(corpus.ids) == tokenizer.decode(tokenizer.encode(text.replace("\r\n", "\n")))


def test_ids_lie_in_files_that_are_mapped(path: Path) -> None:
    corpus = build(path, CHARS, LINES)
    assert isinstance(corpus.ids, np.memmap) and isinstance(corpus.starts, np.memmap)
    assert (path.parent / "x-None.ids").read_bytes() == bytes(corpus.ids.tolist())


def test_files_follow_one_another(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"ab\na")
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"b\n"))
    paths = [tmp_path / "a.txt", tmp_path / "b.txt.gz"]
    lines = build_corpus(paths, CHARS, config=LINES, folder=tmp_path, name="l")
    assert lines.starts is not None and lines.starts.tolist() == [0, 2, 3, 4]
    running = build_corpus(paths, CHARS, config=RUNNING, folder=tmp_path, name="r")
    assert running.ids.tolist() == [3, 4, 6, 3, 4, 6]


def test_a_text_of_blank_lines_has_no_sequences(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\n \n\t\n")
    corpus = build(tmp_path / "a.txt", CHARS, LINES)
    assert corpus.counts == TextCounts()
    assert len(corpus.ids) == 0


def test_every_twentieth_sequence_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elman.data.sources.CHUNK", 100)  # several pieces of the file
    path = tmp_path / "a.txt"
    path.write_text("".join(f"line {n}\n\n" for n in range(101)), encoding="utf-8")
    dev = list(training_text([path], config=LINES, part="dev"))
    train = list(training_text([path], config=LINES, part="train"))
    assert dev == [f"line {n}" for n in (19, 39, 59, 79, 99)]
    assert train == [f"line {n}" for n in range(101) if n % 20 != 19]
    tokenizer = train_tokenizer(train, TextConfig(), continuous=False)
    assert build(path, tokenizer, LINES, "dev").counts.sequences == 5
    assert build(path, tokenizer, LINES, "train").counts.sequences == 96


@given(text=st.text(st.sampled_from("abc \n"), min_size=1, max_size=300), chunk=st.integers(1, 40))
def test_running_text_is_split_near_its_last_twentieth(text: str, chunk: int) -> None:
    parts = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("elman.data.sources.CHUNK", chunk)
        patch.setattr("elman.data.formats.BLOCK", chunk)
        patch.setattr("elman.data.sources.Source._open", lambda source: io.BytesIO(text.encode()))
        for part in ("train", "dev"):
            parts[part] = "".join(training_text(["a.txt"], config=RUNNING, part=part))
    assert parts["train"] + parts["dev"] == text
    share = len(text) // 20
    assert share <= len(parts["dev"]) <= 2 * share, "about a twentieth"
    if share and chunk >= len(text):
        before = text[: len(text) - share]
        last_line = before[before.rfind("\n") + 1 :]
        if len(last_line) <= share:
            assert len(parts["dev"]) == share + len(last_line), "from the line on in which the last twentieth begins"
        elif " " in last_line[-share:]:
            assert parts["dev"].startswith(" "), "from the last word on before the last twentieth"
        else:
            assert len(parts["dev"]) == share


def test_running_text_of_ten_lines_keeps_the_last_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("123456789\n" * 10, encoding="utf-8")
    assert "".join(training_text([tmp_path / "a.txt"], config=RUNNING, part="dev")) == "123456789\n"


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("Title\n" + "x" * 100_000, (95_006, 5_000)),
        ("Title\n" + "word " * 20_000, (95_005, 5_001)),  # blanks stand at 10, 15, …; the limit is 95,006
        ("word " * 390_000, (1_852_499, 97_501)),
    ],
)
def test_a_long_line_is_split_between_words_or_anywhere(tmp_path: Path, text: str, sizes: tuple[int, int]) -> None:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    parts = ["".join(training_text([tmp_path / "a.txt"], config=RUNNING, part=part)) for part in ("train", "dev")]
    assert tuple(map(len, parts)) == sizes
    assert "".join(parts) == text


@pytest.mark.parametrize(
    ("config", "option"),
    [
        (ReadConfig(text_column="body"), "--text-column"),
        (ReadConfig(delimiter=";"), "--delimiter"),
        (ReadConfig(header=False), "--no-header"),
    ],
)
def test_options_for_columns_do_not_go_with_plain_text(path: Path, config: ReadConfig, option: str) -> None:
    with pytest.raises(OptionError, match=f"^{option}: plain text has no columns; leave it out, or give --format"):
        list(training_text([path], config=config))
    assert build(path, CHARS, config).counts.sequences == 3, "a model of a table may be judged on plain text"


def test_faults_of_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a\n\xff")
    for config in (LINES, RUNNING):
        with pytest.raises(InputError, match=r"a\.txt:2: not valid utf-8 at byte 2; give --encoding, or"):
            build(tmp_path / "a.txt", CHARS, config)


MEMORY = """
import sys
from pathlib import Path
from elman.data.config import ReadConfig
from elman.data.corpus import build_corpus, training_text
from elman.text.config import TextConfig
from elman.text.tokenizer import train_tokenizer

path, kind, continuous = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "running"
config = ReadConfig(continuous=continuous)
tokenizer = train_tokenizer(training_text([path], config=config), TextConfig(tokenizer=kind), continuous=continuous)
build_corpus([path], tokenizer, config=config, folder=path.parent, name="x")
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("how", ["running", "lines"])
def test_memory_does_not_grow_with_the_text(tmp_path: Path, how: str) -> None:
    path = tmp_path / "a.txt"
    block = "".join(f"the {n % 97} words of line {n % 13} are always the same ones\n" for n in range(20_000))
    peaks = []
    for megabytes in (6, 24):
        path.write_text(block * megabytes, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, str(path), "char", how], capture_output=True, text=True, check=True
        )
        peaks.append(int(done.stdout))
    # VmHWM counts pages of mapped files too, but nothing reads the mapped ids here
    assert peaks[1] < peaks[0] + 8192, f"{peaks} KiB for 18 MB more"


@pytest.mark.parametrize(("config", "wanted"), [(LINES, 3), (RUNNING, 40)])
def test_a_limit_takes_the_begin(tmp_path: Path, config: ReadConfig, wanted: int) -> None:
    path = tmp_path / "a.txt"
    path.write_text("nine char\n" * 100, encoding="utf-8")
    corpus = build_corpus([path], CHARS, config=config, folder=tmp_path, name="l", limit=25 if config is LINES else 45)
    assert (corpus.counts.sequences if config is LINES else corpus.counts.characters) == wanted
