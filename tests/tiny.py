"""Tiny texts and sizes that several tests use."""

import random
from pathlib import Path

SIZE = {"hidden": 16, "embedding": 8, "layers": 1, "ngrams": 1, "batch_size": 4, "segment": 12}


def sentences(count: int, seed: int = 1) -> list[str]:
    """Sentences of a small grammar, Korean and English mixed."""
    chooser = random.Random(seed)
    subjects, verbs, objects = (
        ["the cat", "a dog", "민수는", "our bird"],
        ["sees", "likes", "찾는다"],
        ["it", "fish", "책을", "me"],
    )
    return [f"{chooser.choice(subjects)} {chooser.choice(verbs)} {chooser.choice(objects)}." for _ in range(count)]


def write(path: Path, texts: list[str]) -> Path:
    """The texts as lines of a file."""
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path
