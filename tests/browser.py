"""Opens pages from disk in a headless Chromium, as a reader would, with whatever the page tries noted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

REQUIRED = os.environ.get("SIGMAPROOF_REQUIRE_BROWSER") == "1"
# A page from disk needs no sandbox of the browser's; the others keep the browser itself from calling home.
_ARGUMENTS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync""".split()


@dataclass
class Opened:
    """A page, with every request beside its own file, every message of the console, error and dialog."""

    page: Page
    requests: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def press(self, *keys: str) -> None:
        """Presses keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def focused(self) -> str:
        """The text of the focused element."""
        return str(self.page.evaluate("document.activeElement.innerText"))

    @property
    def is_quiet(self) -> bool:
        """Nothing was requested, said, or asked."""
        return not (self.requests or self.told or self.dialogs)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser. Skips, announced, where there is none; with SIGMAPROOF_REQUIRE_BROWSER=1 that is an error."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None or find_spec("playwright") is None:
        if REQUIRED:
            pytest.fail("no chromium on the PATH, or no playwright, and SIGMAPROOF_REQUIRE_BROWSER is set")
        pytest.skip("NOT RUN in a browser: no chromium on the PATH, or no playwright (the dev extra)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, file: Path, width: int = 1280, height: int = 900, **options: Any) -> Iterator[Opened]:
    """Opens a file in a context of its own, without motion: a box that is measured while it slides in is elsewhere."""
    options.setdefault("reduced_motion", "reduce")
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    made, address = Opened(page), file.as_uri()

    def asked(dialog: Dialog) -> None:
        made.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("request", lambda one: made.requests.extend([one.url] * _is_foreign(one.url, address)))
    page.on("console", lambda one: made.told.append(one.text))
    page.on("pageerror", lambda one: made.told.append(str(one)))
    page.on("dialog", asked)
    page.goto(address)
    yield made
    context.close()


def _is_foreign(url: str, address: str) -> bool:
    """Anything but the file itself and what stands inside it."""
    return url.partition("#")[0] != address and not url.startswith("data:")
