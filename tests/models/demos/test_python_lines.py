"""Lines of Python as tokens with roles, against labels written by hand and against the tree of the standard library."""

import ast
import contextlib
import fractions
import inspect
import textwrap
from types import ModuleType

import pytest

from elman.models.demos import python_lines
from elman.models.demos.python_lines import PLAIN, ROLES, code_lines


def roles(source: str) -> list[tuple[str, str]]:
    """The names of some lines with their labels."""
    lines = code_lines(textwrap.dedent(source))
    pairs = [pair for line in lines for pair in zip(line.tokens, line.labels, strict=True)]
    return [pair for pair in pairs if pair[1] not in PLAIN]


def plain(text: str) -> list[tuple[str, str]]:
    """`word/label` pairs between blanks."""
    return [(word, label) for word, label in (pair.split("/") for pair in text.split())]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("import os.path as p, sys", "os/module path/module p/module sys/module"),
        ("from ..a.b import (c as d,\n  e)", "a/module b/module c/import d/import e/import"),
        ("from . import a", "a/import"),
        (
            "def f(a, *b, c: int = d, **e): pass",
            "f/function a/parameter b/parameter c/parameter int/builtin d/variable e/parameter",
        ),
        ("async def f() -> A: pass", "f/function A/variable"),
        ("class A(B, metaclass=C): pass", "A/class B/variable metaclass/argument C/variable"),
        (
            "@a.b(c, d=1)\n@property\ndef f(): pass",
            "a/decorator b/decorator c/variable d/argument property/decorator f/function",
        ),
        ("x = y.z(len(w)).v", "x/target y/variable z/method len/builtin w/variable v/attribute"),
        ("x.y += (g)(1)", "x/variable y/attribute g/call"),
        ("for a, b in c: del d", "a/target b/target c/variable d/target"),
        ("with a() as b: pass", "a/call b/target"),
        ("f = lambda q: q", "f/target q/parameter q/variable"),
        ("raise ValueError(x) from e", "ValueError/builtin x/variable e/variable"),
        ("match = case[type]", "match/target case/variable type/builtin"),
        ("match x:\n  case [y, _]: pass", "x/variable y/target _/target"),
        ("global g", "g/target"),
        ("é = 'ü' + ö.ä(ß=1)", "é/target ö/variable ä/method ß/argument"),
    ],
)
def test_names_have_the_roles_that_a_reader_gives_them(source: str, wanted: str) -> None:
    assert roles(source) == plain(wanted)


def test_a_name_of_python_that_the_file_binds_is_no_builtin() -> None:
    assert roles("id(a)") == plain("id/builtin a/variable")
    assert roles("def f(id): id(list)") == plain("f/function id/parameter id/call list/builtin")


def test_a_string_is_one_token_without_what_it_says() -> None:
    source = "f(rb'a\\tb', f\"{x!r:>{w}} {g('y')}\", '''a\n\tb''', '', x)"
    (line,) = code_lines(source)
    assert [token for token in line.tokens if "…" in token] == ["rb'…'", 'f"…"', "'''…'''", "'…'"]
    assert line.labels.count("string") == 4
    assert roles(source) == plain("f/call x/variable")


def test_lines_are_logical_and_know_where_they_begin() -> None:
    source = '"""Head."""\n\n# a comment\nx = [\n    1,  # one\n]\nif x:\n\tpass\n1 + 1\n'
    lines = list(code_lines(source))
    assert [(line.number, " ".join(line.tokens)) for line in lines] == [(4, "x = [ 1 , ]"), (7, "if x :"), (8, "pass")]
    assert lines[0].labels == ("target", "operator", "operator", "number", "operator", "operator")


@pytest.mark.parametrize("module", [contextlib, fractions, textwrap, python_lines], ids=lambda module: module.__name__)
def test_there_are_as_many_of_a_role_as_nodes_in_the_tree(module: ModuleType) -> None:
    source = inspect.getsource(module)
    found = [label for line in code_lines(source) for label in line.labels]
    assert set(found) <= {*ROLES, *PLAIN}
    outside = _outside_strings(ast.parse(source))
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert found.count("function") == sum(isinstance(node, definitions) for node in outside)
    assert found.count("class") == sum(isinstance(node, ast.ClassDef) for node in outside)
    assert found.count("parameter") == sum(isinstance(node, ast.arg) for node in outside)
    assert found.count("argument") == sum(isinstance(node, ast.keyword) and node.arg is not None for node in outside)
    in_decorators = [
        part for node in outside if isinstance(node, (*definitions, ast.ClassDef))
        for decorator in node.decorator_list for part in _outside_strings(decorator)
    ]  # fmt: skip
    attributes = [node for node in outside if isinstance(node, ast.Attribute) and node not in in_decorators]
    assert found.count("attribute") + found.count("method") == len(attributes)
    aliases = [alias for node in outside if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert found.count("import") == sum((one.name != "*") + (one.asname is not None) for one in aliases)


def _outside_strings(tree: ast.AST) -> list[ast.AST]:
    """All nodes but those inside formatted strings."""
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    inside = {part for string in strings for part in ast.walk(string) if part is not string}
    return [node for node in ast.walk(tree) if node not in inside]
