"""Errors: one line each, with where, what and how to mend it, and a code for the shell."""

import pytest

from elman import errors
from elman.errors import ElmanError, InputError, ModelFileError, OptionError, TrainingError, nearest, one_line


def test_a_message_says_where_what_and_how_to_mend_it() -> None:
    error = InputError("9 columns", where="a.conllu:812", mend="separate them by tabs")
    assert str(error) == "a.conllu:812: 9 columns; separate them by tabs"
    assert str(InputError("empty")) == "empty"
    assert (error.what, error.where, error.mend) == ("9 columns", "a.conllu:812", "separate them by tabs")


def test_each_error_has_its_exit_code() -> None:
    codes = {kind: kind.exit_code for kind in (ElmanError, TrainingError, InputError, OptionError, ModelFileError)}
    assert codes == {ElmanError: 1, TrainingError: 1, InputError: 2, OptionError: 2, ModelFileError: 2}


def test_the_tree_in_the_head_is_the_tree() -> None:
    found = {kind.__name__ for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ElmanError)}
    assert all(name in str(errors.__doc__) for name in found)
    assert found == {"ElmanError", "TrainingError", "InputError", "OptionError", "ModelFileError"}


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\u2028b", "a\x1b[31mb", "a\ud800b", "a\x00b"])
def test_a_message_stays_one_printable_line(text: str) -> None:
    message = str(InputError(text, where=text, mend=text))
    assert len(message.splitlines()) == 1
    assert message.isprintable()
    message.encode("utf-8")


def test_other_scripts_stay_readable() -> None:
    assert one_line("파일 – é") == "파일 – é"


def test_the_nearest_name_is_offered_or_all_are_listed() -> None:
    assert nearest("hiden", ["hidden", "layers"]) == "did you mean hidden?"
    assert nearest("zzz", ["hidden", "layers"]) == "known are hidden, layers"
