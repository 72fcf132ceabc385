"""Ways to spoil a model folder that is otherwise whole: each has a name and is a change of the folder."""

import copy
import dataclasses
import json
import os
import pickle
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from altered import Change, Edit, edited
from elman.files.manifest import NAME
from elman.files.tensors import load_tensors, read_shapes, save_tensors
from elman.models.kinds import KINDS
from oversized import false_graphs, hollow_files, sparse, vast_tables

WEIGHTS = "weights.safetensors"
DEEP = "[" * 5000 + "]" * 5000
NUMBERS = ["-1", "-1e30", "1e30", "1e308", str(2**63), str(10**30), "1" * 5000, "NaN", "Infinity", "1e999"]
"""Texts of numbers that no field of a config can have."""
OTHERS = ["true", '"1"', "[]", "{}", "[[]]", DEEP, '"\\ud800"', "-", ""]
"""What may stand where a number is wanted."""
LOOSE = [
    "0", "-1", "3", "1000", str(2**24), str(2**31), "1e308", "NaN", "null", "true", '"a"', '["a"]',
]  # fmt: skip
"""What may stand in place of any value, and may be as good."""
HIGHEST = {
    one.name: [one.metadata["high"]]
    for kind in KINDS.values()
    for config in kind.configs.values()
    for one in dataclasses.fields(config)
    if one.metadata.get("high") is not None
}
"""The largest value of each field of a config that has one."""


class Canary:
    """Pickled, it makes a file as soon as it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.path),))


def leaves(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place of a document and what stands there; of a list the first and the last place."""
    if path:
        yield path, document
    keys = (
        document if isinstance(document, dict) else sorted({0, len(document) - 1}) if isinstance(document, list) else ()
    )
    if len(document) if isinstance(document, (dict, list)) else False:
        for key in keys:
            yield from leaves(document[key], (*path, key))


def put(document: Any, path: tuple[Any, ...], text: str) -> str:
    """The document as JSON, with a text, which need not be JSON, at a place."""
    mark = "\x00"
    document = copy.deepcopy(document)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = mark
    return json.dumps(document, ensure_ascii=False).replace(json.dumps(mark), text)


def absurd(value: Any) -> list[str]:
    """Texts that cannot stand where this value stood."""
    if isinstance(value, bool):
        return ["0", "1", '"true"', "[]", "{}", DEEP, "NaN"]
    if isinstance(value, (int, float)):
        return NUMBERS + OTHERS
    if isinstance(value, str):
        return ["0", "true", "[]", "{}", '"\\ud800"', DEEP]
    if value is None:
        return ["[[]]", "{}", "NaN", DEEP, "[1]"]
    return ["0", "null", "true", '"a"', DEEP, "[[]]" if isinstance(value, dict) else "{}"]


def written(name: str, text: str | Callable[[], str]) -> Change:
    """A file with another text, or one that is made only when it is needed."""
    return lambda folder: (folder / name).write_text(text if isinstance(text, str) else text(), encoding="utf-8")


def documents(folder: Path) -> list[str]:
    """The JSON files of a folder, without the manifest; of an exported one those that are not read as in others."""
    names = sorted(path.name for path in folder.glob("*.json") if path.name != NAME)
    return ["config.json", "export.json"] if "export.json" in names else names


def absurd_values(folder: Path, name: str) -> Iterator[tuple[str, Change]]:
    """One value of a document replaced by what cannot stand there, or its key left out, or given twice."""
    document = json.loads((folder / name).read_text(encoding="utf-8"))
    for path, value in leaves(document):
        place = f"{name} {'.'.join(map(str, path))}"
        for text in absurd(value):
            yield f"{place} = {text[:20]}", written(name, put(document, path, text))
        if isinstance(path[-1], str):
            short = copy.deepcopy(document)
            inner = short
            for key in path[:-1]:
                inner = inner[key]
            stood = inner.pop(path[-1])
            yield f"{place} left out", written(name, json.dumps(short))
            inner[path[-1] + " "] = stood
            yield f"{place} misspelt", written(name, json.dumps(short))
            twice = f"{json.dumps(stood)}, {json.dumps(path[-1])}: {json.dumps(stood)}"
            yield f"{place} twice", written(name, put(document, path, twice))


def bloated_documents(name: str) -> Iterator[tuple[str, Change]]:
    """A document that is small on the disk and large in memory, or of other bytes than UTF-8 without a mark."""
    makers: dict[str, Callable[[], str]] = {
        "lists": lambda: "[" + "[]," * 20_000_000 + "[]]", "zeros": lambda: '{"a": [' + "0," * 30_000_000 + "0]}",
        "depth": lambda: "[" * 50_000_000, "a text": lambda: '"' + "a" * 60_000_000 + '"',
        "a million keys": lambda: "{" + ",".join(f'"{n}":0' for n in range(10**6)) + "}",
        "ten million words": lambda: '{"words": [' + ",".join(f'"{n}"' for n in range(10**7)) + "]}",
        "null": lambda: "null", "no object": lambda: "[]", "nothing": lambda: "", "blanks": lambda: " " * 50_000_000,
        "digits": lambda: "9" * 10_000_000,
    }  # fmt: skip
    for what, make in makers.items():
        yield f"{name} is {what}", written(name, make)

    def turned(change: Callable[[bytes], bytes]) -> Change:
        return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))

    yield f"{name} with a byte order mark", turned(lambda content: b"\xef\xbb\xbf" + content)
    yield f"{name} in UTF-16", turned(lambda content: content.decode("utf-8").encode("utf-16"))
    yield f"{name} with a byte that is not UTF-8", turned(lambda content: content.replace(b'"', b'"\xff', 1))
    yield f"{name} twice", turned(lambda content: content * 2)


def false_entries(folder: Path, name: str) -> Iterator[tuple[str, Change]]:
    """A list of texts of which one stands twice, is empty, is none, or has half of a surrogate pair."""
    document = json.loads((folder / name).read_text(encoding="utf-8"))
    for path, value in leaves(document):
        if not isinstance(value, list) or len(value) < 2 or not all(isinstance(item, str) for item in value):
            continue
        place = f"{name} {'.'.join(map(str, path))}"
        for what, text in {
            "twice": json.dumps(value[0]), "none": "null", "a number": "3", "a list": '["a"]',
            "half a pair": '"\\udc00"', "a key": '{"a": 1}', **({"empty": '""'} if name == "labels.json" else {}),
        }.items():  # fmt: skip
            yield f"{place}: one is {what}", written(name, put(document, (*path, len(value) - 1), text))
        yield f"{place}: one more", written(name, put(document, path, json.dumps([*value, "more"])))


def foreign_files(name: str, outside: Path, canary: Path) -> Iterator[tuple[str, Change]]:
    """What is no such file at all stands in its place."""
    pickles = {
        "a pickle": pickle.dumps(Canary(canary)), "a pickle of text": pickle.dumps(Canary(canary), protocol=0),
        "an array of objects": _npy(Canary(canary)), "a zip": b"PK\x03\x04" + bytes(200), "zeros": bytes(5000),
    }  # fmt: skip
    for what, content in pickles.items():
        yield f"{name} is {what}", lambda folder, content=content: (folder / name).write_bytes(content)
    for what, make in {
        "a folder": Path.mkdir, "a pipe": os.mkfifo, "a link to itself": lambda path: path.symlink_to(path.name),
        "a link to nothing": lambda path: path.symlink_to("nothing"),
        "a link out": lambda path: path.symlink_to(outside / name),
        "a link to a device": lambda path: path.symlink_to("/dev/zero"), "missing": lambda path: None,
        "a link inside": lambda path: (path.with_name("x").write_bytes(b"{}"), path.symlink_to("x")),
        "vast": lambda path: sparse(path, 1 << 40),
    }.items():  # fmt: skip
        yield f"{name} is {what}", lambda folder, make=make: ((folder / name).unlink(), make(folder / name))


def _npy(value: Any) -> bytes:
    import io

    file = io.BytesIO()
    np.save(file, np.array([value], dtype=object), allow_pickle=True)
    return file.getvalue()


def false_manifests(file: str) -> Iterator[tuple[str, Change]]:
    """A manifest that names files elsewhere, has absurd entries, or is none."""

    def of_files(edit: Edit) -> Change:
        return edited(NAME, lambda manifest: edit(manifest["files"]))

    entry = {"sha256": "0" * 64, "bytes": 0}
    for name in ("../config.json", "/etc/passwd", "a/../config.json", "..", ".", "", "config.json/", "a\\b", "a\x00b",
                 "C:config.json", "//host/a", "~", "\x1b[31m", "a" * 300, ".hidden", "\u202eb"):  # fmt: skip
        yield f"manifest names {name!r}", of_files(lambda files, name=name: files.update({name: entry}))
    for value in (-1, True, 1.5, None, "12", 10**30, [], {}):
        yield (
            f"manifest: {value!r} bytes",
            of_files(lambda files, value=value: files["config.json"].update(bytes=value)),
        )
        yield f"manifest: sum {value!r}", of_files(lambda files, value=value: files["config.json"].update(sha256=value))
        yield f"manifest: entry {value!r}", of_files(lambda files, value=value: files.update({"config.json": value}))
    yield "manifest without weights", of_files(lambda files: files.pop(file))
    yield (
        "manifest of capital sums",
        of_files(lambda files: files[file].update(sha256=files[file]["sha256"].upper())),
    )
    yield "manifest of many", of_files(lambda files: files.update({f"f{n}": entry for n in range(10**5)}))
    for text in ("[]", "{}", '{"files": []}', '{"files": {}, "more": 1}', '{"files": {}}', DEEP, ""):
        yield f"manifest is {text[:20]}", written(NAME, text)


def other_tensors(folder: Path, file: str) -> Iterator[tuple[str, Change]]:
    """Each tensor left out, renamed, of another type or shape, or with a value that is not finite; and one more."""
    tensors = load_tensors(folder / file, read_shapes(folder / file))

    def saved(**changed: Any) -> Change:
        found = {name: array for name, array in {**tensors, **changed}.items() if array is not None}
        return lambda folder: save_tensors(folder / file, found)

    yield "one tensor more", saved(more=np.zeros(3, dtype=np.float32))
    if tensors:
        yield "no tensor", saved(**dict.fromkeys(tensors))
    for name, array in tensors.items():
        yield f"{name} left out", saved(**{name: None})
        yield f"{name} renamed", saved(**{name: None, f"{name}x": array})
        for dtype in ("float16", "float64", "int32", "int8", "uint8", "int64"):
            if array.dtype != dtype:
                yield f"{name} as {dtype}", saved(**{name: array.astype(dtype)})
        for shape in ((array.size,), (1, *array.shape), (*array.shape, 1), array.shape[::-1], (0, *array.shape[1:])):
            if shape != array.shape:
                changed = np.zeros(shape, dtype=array.dtype)
                yield f"{name} of {shape}", saved(**{name: changed})
        if array.dtype.kind == "f" and array.size:
            for value in (np.nan, np.inf, -np.inf):
                spoilt = array.copy()
                spoilt.flat[-1] = value
                yield f"{name} with {value}", saved(**{name: spoilt})


def false_headers(folder: Path, file: str) -> Iterator[tuple[str, Change]]:
    """A file of tensors whose header lies, is vast, or has names twice."""
    content = (folder / file).read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header, data = content[8 : 8 + length].decode("utf-8"), content[8 + length :]
    comma = "," if json.loads(header) else ""

    def headed(text: str | Callable[[], str], *, told: int | None = None) -> Change:
        def change(folder: Path) -> None:
            raw = (text if isinstance(text, str) else text()).encode("utf-8")
            whole = struct.pack("<Q", len(raw) if told is None else told) + raw + data
            (folder / file).write_bytes(whole)

        return change

    def many(count: int) -> str:
        entries = (f'"{n}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}' for n in range(count))
        return f"{{{','.join(entries)}{comma}{header[1:]}"

    for told in (0, 1, length - 1, length + 1, 2**31, 2**63, 2**64 - 1):
        yield f"a header of {told} bytes", headed(header, told=told)
    yield "a million tensors", headed(lambda: many(10**6))
    yield "ten thousand tensors", headed(lambda: many(10**4))
    yield "a vast remark", headed(lambda: f'{{"__metadata__":{{"a":"{"a" * 50_000_000}"}}{comma}{header[1:]}')
    yield "a deep remark", headed(f'{{"__metadata__":{DEEP}{comma}{header[1:]}')
    yield "a header of blanks", headed(lambda: header + " " * 50_000_000)
    document = json.loads(header)
    if not document:
        return
    yield "names twice", headed(f"{header.rstrip()[:-1]},{header.strip()[1:]}")
    name = next(iter(document))
    for key, values in {
        "shape": ["[-1]", "[1e3]", "[true]", f"[{2**62}]", f"[{2**40},{2**40}]", "3", f"[{'1,' * 40}1]", "[0,9999999]"],
        "dtype": ['"BF16"', '"f32"', '"O"', "3", "[]", '"F8_E4M3"', '"BOOL"'],
        "data_offsets": ["[-4,0]", "[0]", "[4,0]", f"[0,{2**63}]", "[0,4,8]", "[0.0,4.0]", "[1,5]"],
    }.items():  # fmt: skip
        for text in values:
            yield f"{name}: {key} {text[:20]}", headed(put(document, (name, key), text))


def families(folder: Path, canary: Path) -> dict[str, list[tuple[str, Change]]]:
    """All changes of a folder that have to be refused, by what is hostile about them."""
    names = [path.name for path in sorted(folder.iterdir())]
    told = [name for name in documents(folder) if name != "training.json"]  # what that tells, nothing depends on
    file = WEIGHTS if WEIGHTS in names else "arrays.safetensors"
    heavy = ["export.json"] if "export.json" in names else documents(folder)
    found = {
        "values": [case for name in told for case in absurd_values(folder, name)],
        "entries": [case for name in told for case in false_entries(folder, name)],
        "bloat": [case for name in heavy for case in bloated_documents(name)],
        "foreign files": [case for name in names for case in foreign_files(name, folder, canary)],
        "holes": list(hollow_files(folder)),
        "tables": list(vast_tables(folder)),
        "graphs": list(false_graphs(folder)),
        "manifests": list(false_manifests(file)),
        "tensors": list(other_tensors(folder, file)),
        "headers": list(false_headers(folder, file)),
    }
    return {family: cases for family, cases in found.items() if cases}


def loose_values(folder: Path) -> Iterator[tuple[str, Change]]:
    """One value of a document replaced by another one, which may be as good: the least, the largest, one of another
    type. A folder with it is refused, or gives a model that answers."""
    for name in documents(folder):
        document = json.loads((folder / name).read_text(encoding="utf-8"))
        for path, value in leaves(document):
            key = next((key for key in reversed(path) if isinstance(key, str)), "")
            for text in (*LOOSE, *map(json.dumps, HIGHEST.get(key, ()))):
                if text != json.dumps(value):
                    place = f"{name} {'.'.join(map(str, path))}"
                    yield f"{place} = {text[:20]}", written(name, put(document, path, text))


def spoil(folder: Path, family: str, change: Change) -> None:
    """Change a folder, and forge its manifest where that is possible and not the point."""
    from elman.errors import ModelFileError
    from loading import sign

    change(folder)
    sizes = [path.lstat().st_size for path in folder.iterdir()]
    if family in ("manifests", "holes") or max(sizes) > 1 << 30:
        return
    with suppress(ModelFileError):
        sign(folder)
