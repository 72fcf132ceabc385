"""Docstrings of Python's own library, each with the package that it stands in, read from source without importing it.

Knows folders and the grammar of Python through `ast`; knows no model. Used by the demo of classifiers.
"""

import ast
import hashlib
import sysconfig
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("asyncio", "email", "idlelib", "importlib", "multiprocessing", "tkinter", "unittest", "xml")
"""Packages of many files with many docstrings; which of them there are depends on how Python was installed."""
SHORTEST = 5
"""Words of a docstring: of fewer, hardly anyone can tell where they stand."""
DEV, TEST = 0.1, 0.2
"""Of the docstrings of a package at most so many parts are set aside."""
SKIPPED = frozenset(("test", "tests", "idle_test", "__pycache__"))


@dataclass(frozen=True)
class Docstring:
    """A docstring and where it stands.

    Args:
        path: of its file, in the standard library's folder. name: of the module, class or function.
    """

    text: str
    package: str
    path: str
    name: str


Parts = dict[str, list[Docstring]]
"""The docstrings of train, dev and test."""


def docstring_parts(packages: tuple[str, ...] = PACKAGES, *, root: Path | None = None) -> Parts:
    """All docstrings of the packages that are found, each text once, in three parts; files are in one part whole.

    In each package the files come in the order of their hashes; one is dev, or else test, if all its docstrings still
    find room there.

    Args:
        root: the folder of the packages; None for Python's own.
    """
    place = Path(sysconfig.get_path("stdlib")) if root is None else root
    parts: Parts = {"train": [], "dev": [], "test": []}
    seen: set[str] = set()
    for package in packages:
        files = [list(_new(path, place, seen)) for path in _files(place / package)]
        whole = sum(map(len, files))
        room = {"dev": int(DEV * whole), "test": int(TEST * whole)}
        for found in sorted(filter(None, files), key=_hash):
            part = next((name for name, left in room.items() if len(found) <= left), "train")
            if part != "train":
                room[part] -= len(found)
            parts[part] += found
    return parts


def _files(package: Path) -> list[Path]:
    """The source files of a package that are no tests; none where there is no such package."""
    paths = [path for path in package.rglob("*.py") if not SKIPPED.intersection(path.relative_to(package).parts)]
    return sorted(paths, key=lambda path: path.relative_to(package).parts)


def _new(path: Path, root: Path, seen: set[str]) -> Iterator[Docstring]:
    """The docstrings of a file that are long enough and were not seen before; they are seen then."""
    with tokenize.open(path) as file:
        tree = ast.parse(file.read())
    inside = path.relative_to(root)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node) or ""
            if len(text.split()) >= SHORTEST and text not in seen:
                seen.add(text)
                name = inside.stem if isinstance(node, ast.Module) else node.name
                yield Docstring(text, inside.parts[0], inside.as_posix(), name)


def _hash(found: list[Docstring]) -> bytes:
    return hashlib.sha256(found[0].path.encode()).digest()
