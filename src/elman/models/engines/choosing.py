"""Which engine runs a folder: by what the folder holds and what is installed, never by a race.

Knows names and what can be imported; loads no engine. Used by `models.folder`, `models.base` and `models.exporting`.
"""

from importlib.util import find_spec

from elman.errors import OptionError, nearest

ENGINES = ("auto", "torch", "onnx")
EXTRAS = {"torch": "train", "onnxruntime": "onnx", "onnx": "export"}
"""The extra of the package that brings each."""


def choose(wanted: str, *, exported: bool, where: str) -> str:
    """The engine of a folder.

        the folder holds       auto     torch    onnx
        weights                torch    torch    refused: there are no graphs
        ONNX graphs            onnx     refused  onnx

    Args:
        exported: the folder holds graphs.
    Raises:
        OptionError: there is no such engine, the folder is not one for it, or what it needs is not installed.
    """
    if wanted not in ENGINES:
        raise OptionError(f"{wanted!r} is not a choice", where="--engine", mend=nearest(str(wanted), ENGINES))
    if exported and wanted == "torch":
        raise OptionError(
            "this folder was exported: it holds ONNX graphs, and no weights for torch", where=where,
            mend="give the folder that it was exported from",
        )  # fmt: skip
    if not exported and wanted == "onnx":
        raise OptionError(
            "this folder holds weights for torch, and no ONNX graphs", where=where,
            mend="export it first: elman export DIR --to onnx --out DIR2",
        )  # fmt: skip
    need("onnxruntime" if exported else "torch", where=where)
    return "onnx" if exported else "torch"


def need(package: str, *, where: str) -> None:
    """Refuse work whose package is not installed.

    Raises:
        OptionError: it is not; the extra that brings it is told.
    """
    if not has(package):
        mend = f"pip install 'elman[{EXTRAS[package]}]'"
        raise OptionError(f"this needs {package}, which is not installed", where=where, mend=mend)


def has(package: str) -> bool:
    """Whether a package is installed."""
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):  # something stands in its place
        return False
