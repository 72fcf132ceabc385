"""ONNX Runtime Web, pinned: brought by npm, or taken from where its package was unpacked, and held to its sums.

Knows the npm package and how to run npm; knows no model. Called by `models.exporting.site`.
"""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from elman.errors import ModelFileError, OptionError
from elman.files.opening import read_regular

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
FILES = {
    "ort.js": ("ort.wasm.min.mjs", "219e6a1fc8a9938268d18efca3c91d310bd2f4a59bbd13744df5b2b7fc6cee3b"),
    "ort-wasm.js": (
        "ort-wasm-simd-threaded.mjs", "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b"
    ),
    "ort-wasm.wasm": (
        "ort-wasm-simd-threaded.wasm", "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"
    ),
}  # fmt: skip
"""The files of a site, by names whose type every server knows: the name in the package, and the sha256 sum."""
LARGEST = 1 << 26
"""Bytes that a file may have."""
SECONDS = 600
"""After which npm is given up."""
MEND = f"give --runtime DIR, the npm package {PACKAGE} {VERSION} unpacked"


def runtime_files(folder: Path | None) -> dict[str, bytes]:
    """The files by the names that a site has for them.

    Args:
        folder: where the package was unpacked, or its folder `dist`; None has npm bring it.
    Raises:
        OptionError: there is no npm, it does not bring the package, or a file is missing or another one.
    """
    if folder is not None:
        return {name: _from_folder(folder, inside, wanted) for name, (inside, wanted) in FILES.items()}
    with tempfile.TemporaryDirectory(prefix="elman-") as place:
        return _from_package(_packed(Path(place)))


def _from_folder(folder: Path, name: str, wanted: str) -> bytes:
    if not folder.is_dir():
        raise OptionError("there is no such folder", where=f"--runtime {folder}", mend=MEND)
    path = next((place / name for place in (folder, folder / "dist") if (place / name).exists()), None)
    if path is None:
        raise OptionError(f"there is no {name} in this folder", where=f"--runtime {folder}", mend=MEND)
    try:
        content = read_regular(path.resolve(), LARGEST)
    except ModelFileError as error:
        raise OptionError(error.what, where=str(path), mend=MEND) from error
    return _held(content, wanted, where=str(path))


def _packed(place: Path) -> Path:
    """The package as npm brings it, a file in the given folder."""
    npm = shutil.which("npm")
    if npm is None:
        raise OptionError(
            f"npm, which brings {PACKAGE}, is not installed", where="--to web", mend=f"install it, or {MEND}"
        )
    words = [npm, "pack", f"{PACKAGE}@{VERSION}", "--pack-destination", str(place), "--prefer-offline"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False)
        told = "" if done.returncode == 0 else _reason(done.stderr)
    except (OSError, subprocess.TimeoutExpired) as error:
        told = str(error)
    found = list(place.glob("*.tgz"))
    if told or len(found) != 1:
        raise OptionError(
            f"npm does not bring {PACKAGE} {VERSION}: {told or 'nothing came'}", where="--to web", mend=MEND
        )
    return found[0]


def _reason(stderr: str) -> str:
    """What npm says of a failure: the first of its lines that is a sentence, not a code."""
    lines = [line.removeprefix("npm error ").removeprefix("npm ERR! ").strip() for line in stderr.splitlines()]
    told = [line for line in lines if line]
    return next((line for line in told if len(line.split()) > 3), told[0] if told else "it failed")[:300]


def _from_package(path: Path) -> dict[str, bytes]:
    """The files in a packed package."""
    found = {}
    try:
        with tarfile.open(path, "r:gz") as package:
            for name, (inside, wanted) in FILES.items():
                file = package.extractfile(f"package/dist/{inside}")
                content = b"" if file is None else file.read(LARGEST + 1)
                found[name] = _held(content, wanted, where=f"{PACKAGE} {VERSION}: {inside}")
    except (tarfile.TarError, KeyError, EOFError, OSError) as error:
        raise OptionError(
            f"npm brought something else than {PACKAGE} {VERSION}: {error}", where="--to web", mend=MEND
        ) from error
    return found


def _held(content: bytes, wanted: str, *, where: str) -> bytes:
    if hashlib.sha256(content).hexdigest() != wanted:
        raise OptionError(
            f"this is not the file of {PACKAGE} {VERSION}: its sha256 sum is another", where=where, mend=MEND
        )
    return content
