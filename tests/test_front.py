"""The front: the public names are exactly these, and each is what it is said to be."""

import importlib
import tomllib
from pathlib import Path

import pytest

import elman

NAMES = {"Classifier", "ElmanError", "LanguageModel", "Seq2Seq", "Tagger", "__version__", "load"}
ROOT = Path(__file__).parents[1]


def test_the_public_names_are_exactly_these() -> None:
    assert set(elman.__all__) == NAMES
    assert {name for name in dir(elman) if name in NAMES} == NAMES


@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("Classifier", "elman.models.classifier"), ("ElmanError", "elman.errors"),
        ("LanguageModel", "elman.models.language_model"), ("Tagger", "elman.models.tagger"),
        ("Seq2Seq", "elman.models.seq2seq"), ("load", "elman.models.base"),
    ],
)  # fmt: skip
def test_a_name_is_the_one_from_its_home(name: str, home: str) -> None:
    assert getattr(elman, name) is getattr(importlib.import_module(home), name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'elman' has no attribute 'Transformer'"):
        elman.Transformer  # noqa: B018 the access is the point


def test_the_version_stands_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    place = ROOT / project["tool"]["hatch"]["version"]["path"]
    assert f'__version__ = "{elman.__version__}"' in place.read_text(encoding="utf-8")
