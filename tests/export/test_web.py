"""The page and its modules as they are written: small files that know what they import, and nothing from elsewhere."""

import posixpath
import re

import pytest

from elman.models.exporting.site import page_files

FILES = {name: content.decode("utf-8") for name, content in page_files().items()}
MODULES = sorted(name for name in FILES if name.endswith(".js"))
LAYERS = [{"main"}, {"page"}, {"models"}, {"decoding", "engine", "text"}]
"""A folder imports from itself and from those below its own."""
MADE = {"runtime/ort.js"}
"""What a site has beside the files that are written by hand."""


def rank(name: str) -> int:
    return next(n for n, layer in enumerate(LAYERS) if name.split("/")[0].removesuffix(".js") in layer)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_small_and_imports_only_from_below(name: str) -> None:
    text = FILES[name]
    assert text.startswith("// ") and "\n//\n" in text.split("\n\n")[0], "no head that says what the module knows"
    assert text.count("\n") <= 300 and max(map(len, text.splitlines())) <= 130
    for path in re.findall(r'(?:from |import\()"([^"]+)"', text):
        assert path.startswith(("./", "../")), path
        other = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        assert other in FILES or other in MADE, other
        if other in FILES and name != "main.js":
            same = other.split("/")[0] == name.split("/")[0]
            assert same or rank(other) > rank(name), f"{name} imports {other}"


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_asked_of_another_place_and_nothing_is_made_code(name: str) -> None:
    text = FILES[name].replace('xmlns="http://www.w3.org/2000/svg"', "").replace("'wasm-unsafe-eval'", "")
    assert not re.search(r"https?:|//\w+\.\w|\beval\b|new Function|innerHTML|insertAdjacentHTML|document\.write", text)


def test_the_page_allows_its_own_files_alone_and_has_nothing_inline() -> None:
    page = FILES["index.html"]
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'self'" and rules["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*\ssrc=)", page)
    for path in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert path in FILES
