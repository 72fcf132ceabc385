"""What a language model remembers of a text, as a value that one can keep, save and send; and what it says of a symbol.

Knows arrays and tensor files; knows no network. Used by `models.language_model`.
"""

import math
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError
from elman.files.tensors import load_tensors, read_shapes, save_tensors

LONGEST_PENDING = 1_000_000
"""Characters of held-back text that a saved state may hold."""


@dataclass(frozen=True)
class ScoredSymbol:
    """A symbol of a text, and ln p of it given all that stands before."""

    symbol: str
    log_probability: float


@dataclass(frozen=True)
class LanguageModelState:
    """What a language model remembers of one text: arrays (layers, 1, H) by name, and text not yet read.

    Args:
        pending: the end of the text fed so far, held back because it may still become a longer symbol.
    """

    arrays: dict[str, NDArray[Any]]
    pending: str = ""

    def save(self, path: str | PathLike[str]) -> None:
        """Write the state to a safetensors file, whole or not at all."""
        codes = np.frombuffer(self.pending.encode("utf-8"), dtype=np.uint8)
        tensors = {**self.arrays, "pending": np.concatenate([codes, np.zeros(1, np.uint8)])}
        save_tensors(Path(path), tensors)

    @classmethod
    def load(cls, path: str | PathLike[str], *, like: "LanguageModelState", symbols: int) -> "LanguageModelState":
        """Read a state whose arrays have the names, shapes and types of another's.

        Args:
            symbols: size of the vocabulary; the symbols read last must be below it.
        Raises:
            ModelFileError: the file is not such a state.
        """
        place = Path(path)
        pending = read_shapes(place).get("pending")
        if pending is None or pending[0] != "uint8" or not 1 <= math.prod(pending[1]) <= LONGEST_PENDING:
            raise ModelFileError("this is not the state of a language model", where=str(path))
        expected = {name: (str(array.dtype), array.shape) for name, array in like.arrays.items()}
        tensors = load_tensors(place, {**expected, "pending": pending})
        recent = tensors.get("recent")
        if recent is not None and (recent.min() < 0 or recent.max() >= symbols):
            raise ModelFileError("a symbol read last is not in the vocabulary", where=str(path))
        try:
            text = tensors.pop("pending")[:-1].tobytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise ModelFileError("the held-back text is not UTF-8", where=str(path)) from error
        return cls({name: tensors[name] for name in like.arrays}, text)
