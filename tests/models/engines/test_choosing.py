"""Which engine runs a folder: the whole table."""

import pytest

from elman.errors import OptionError
from elman.models.engines import choosing
from elman.models.engines.choosing import ENGINES, choose


@pytest.mark.parametrize(
    ("exported", "wanted", "engine"),
    [(False, "auto", "torch"), (False, "torch", "torch"), (True, "auto", "onnx"), (True, "onnx", "onnx")],
)
def test_the_folder_decides(exported: bool, wanted: str, engine: str) -> None:
    assert choose(wanted, exported=exported, where="m") == engine


@pytest.mark.parametrize(("exported", "wanted"), [(False, "onnx"), (True, "torch")])
def test_an_engine_that_cannot_run_the_folder_is_refused_with_a_way_out(exported: bool, wanted: str) -> None:
    with pytest.raises(OptionError, match="export"):
        choose(wanted, exported=exported, where="m")


def test_an_unknown_engine_is_refused_with_the_nearest() -> None:
    with pytest.raises(OptionError, match="onnx"):
        choose("onx", exported=True, where="m")


@pytest.mark.parametrize(("exported", "package", "extra"), [(False, "torch", "train"), (True, "onnxruntime", "onnx")])
def test_what_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, exported: bool, package: str, extra: str
) -> None:
    monkeypatch.setattr(choosing, "find_spec", lambda name: None)
    for wanted in ENGINES[:1]:
        with pytest.raises(OptionError, match=package) as caught:
            choose(wanted, exported=exported, where="m")
        assert f"elman[{extra}]" in str(caught.value)
