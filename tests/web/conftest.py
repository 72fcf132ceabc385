"""What the tests of sites need: sites of tiny models, Node to run their modules, a server, and a real browser.

Nothing here is skipped: where Node, npm's packages or Chromium are missing, the tests fail and say what to install.
"""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import remade

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "build" / "web" / "node_modules" / "onnxruntime-web"
ASK = Path(__file__).with_name("ask.mjs")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def runtime() -> Path:
    """The npm package onnxruntime-web, unpacked."""
    assert RUNTIME.is_dir(), f"{RUNTIME} is not there; run make test-web, which brings it"
    return RUNTIME


@pytest.fixture(scope="session")
def site_of(tmp_path_factory: pytest.TempPathFactory, runtime: Path) -> Callable[[Any], Path]:
    """Exports a model as a site. Node takes the modules of a site for what they are where a folder above says so."""
    above = tmp_path_factory.mktemp("sites")
    (above / "package.json").write_text('{"type": "module"}')

    def make(model: Any, **options: Any) -> Path:
        place = above / f"site-{len(list(above.iterdir()))}"
        model.export(place, to="web", runtime=runtime, **options)
        return place

    return make


@pytest.fixture(scope="session")
def ask() -> Ask:
    """Asks the modules of a site something, under Node; several requests are answered in their order."""

    def run(site: Path, *requests: dict[str, Any]) -> list[Any]:
        done = subprocess.run(
            ["node", str(ASK), str(site)], input=json.dumps(requests), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        found: list[Any] = json.loads(done.stdout)
        return found

    return run


@pytest.fixture(scope="session")
def tagger_site(site_of: Callable[..., Path]) -> Path:
    """The site of a tiny tagger."""
    return site_of(remade.load("tagger"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium: that of the environment's CHROMIUM, or the first that the machine has."""
    from playwright.sync_api import sync_playwright

    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    assert found is not None, "there is no Chromium: install one, name one by CHROMIUM, or run make test-web"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        yield browser
        browser.close()


class _Quiet(SimpleHTTPRequestHandler):
    """What `python -m http.server` does, without its log."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the name of the base
        """Nothing."""


class Visit:
    """A page of a site that is open in a browser, with all that it asked for."""

    def __init__(self, page: Any, origin: str) -> None:
        self.page, self.origin, self.works = page, origin, True
        self.requests: list[str] = []
        self.faults: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if said.type in ("error", "warning") else None)

    def open(self) -> None:
        """Load the page, until its form is there, or it tells that there is none."""
        self.page.goto(f"{self.origin}/")
        self.page.wait_for_selector("#send, .fault:not(:empty)")

    def done(self) -> None:
        """Wait until the form has done its work."""
        self.page.wait_for_selector("#send:not([disabled])")

    def check(self) -> None:
        """Nothing went wrong where nothing should, and nothing was asked of any other place."""
        assert self.faults == [] if self.works else self.faults
        assert self.requests and all(url.startswith(f"{self.origin}/") for url in self.requests), self.requests


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    """Serves a site and opens it; every other address is cut off, and at the end none must have been asked for."""
    visits: list[tuple[Visit, ThreadingHTTPServer]] = []

    def go(site: Path, **options: Any) -> Visit:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        origin = f"http://127.0.0.1:{server.server_address[1]}"
        context = browser.new_context(**options)
        context.route(lambda url: not url.startswith(f"{origin}/"), lambda route: route.abort())
        found = Visit(context.new_page(), origin)
        visits.append((found, server))
        found.open()
        return found

    yield go
    for found, server in visits:
        found.page.context.close()
        server.shutdown()
        server.server_close()
        found.check()
