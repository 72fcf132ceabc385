"""A site around an exported folder: the page and its modules, what Unicode says of characters, ONNX Runtime Web.

Knows files; what they hold is in `export/web`, written by hand and copied as it is. Called by
`models.exporting.writing`.
"""

import json
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from elman.files.sites import write_site
from elman.models.exporting.runtime import PACKAGE, VERSION
from elman.text.code_points import unicode_document

MODEL, RUNTIME, UNICODE = "model", "runtime", "text/unicode.json"
"""Where a site has the exported folder, the runtime, and what is known of characters."""


def fill_site(folder: Path, kind: str, *, runtime: Mapping[str, bytes]) -> None:
    """Write all that a site has beside the model, and the list of its files."""
    for name, content in page_files().items():
        _write(folder / name, content)
    for name, content in runtime.items():
        _write(folder / RUNTIME / name, content)
    unicode = json.dumps(unicode_document(), ensure_ascii=False, separators=(",", ":"))
    _write(folder / UNICODE, unicode.encode("utf-8"))
    write_site(folder, {"kind": kind, "runtime": f"{PACKAGE} {VERSION}"})


def page_files() -> dict[str, bytes]:
    """The page and its modules by their paths."""
    return dict(_read(resources.files("elman.export") / "web", ""))


def _read(place: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for one in sorted(place.iterdir(), key=lambda entry: entry.name):
        if one.is_dir():
            yield from _read(one, f"{path}{one.name}/")
        else:
            yield f"{path}{one.name}", one.read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
