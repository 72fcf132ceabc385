"""elman: recurrent neural networks of text. The front: what a user imports, loaded when it is first used.

Knows where each public name lives; imports none of them by itself. `import elman` loads no torch and touches no file.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elman.errors import ElmanError
    from elman.models.base import load
    from elman.models.classifier import Classifier
    from elman.models.language_model import LanguageModel
    from elman.models.seq2seq import Seq2Seq
    from elman.models.tagger import Tagger

__version__ = "0.1.0"
__all__ = ["Classifier", "ElmanError", "LanguageModel", "Seq2Seq", "Tagger", "__version__", "load"]

_HOMES = {
    "Classifier": "elman.models.classifier",
    "ElmanError": "elman.errors",
    "LanguageModel": "elman.models.language_model",
    "Seq2Seq": "elman.models.seq2seq",
    "Tagger": "elman.models.tagger",
    "load": "elman.models.base",
}


def __getattr__(name: str) -> Any:
    """The public name, from its home."""
    if name not in _HOMES:
        raise AttributeError(f"module 'elman' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
