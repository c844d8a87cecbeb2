# SPDX-License-Identifier: GPL-3.0-or-later
"""A Chromium without a window, and pages in it that note whatever a report must not do."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import shutil
import typing as t

from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL = "Install it: make setup, or apt-get install --no-install-recommends chromium; or name it in GOLDEN_CHROMIUM."


class NoChromiumError(Exception):
    """There is no Chromium, so nothing can be said about the page: that is a failure, and the text says what to do."""


def program() -> str:
    """Return the path of Chromium."""
    named = os.environ.get("GOLDEN_CHROMIUM")
    found = next(filter(None, map(shutil.which, [named] if named else _NAMES)), None)
    if not found:
        raise NoChromiumError(f"There is no Chromium (looked for {named or ', '.join(_NAMES)} on PATH). {INSTALL}")
    return found


@contextlib.contextmanager
def running_chromium() -> t.Iterator[Browser]:
    """Start it, and end it after the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program())
        yield browser
        browser.close()


@dataclasses.dataclass
class Opened:
    """A page, and what it asked for and complained of since it was opened."""

    page: Page
    requests: list[str]
    complaints: list[str]

    def rows(self, table: str) -> list[str]:
        """Return the texts of the rows that are shown."""
        return self.page.locator(f"#{table} tbody tr:visible").all_inner_texts()

    def cells(self, table: str, column: int) -> list[str]:
        """Return the texts of a column, counted from 1, in the rows that are shown."""
        return self.page.locator(f"#{table} tbody tr:visible td:nth-child({column})").all_inner_texts()

    def focused(self) -> str:
        """Return what has the focus, by its id or else its text."""
        return str(self.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))


@contextlib.contextmanager
def opened(browser: Browser, path: pathlib.Path, width: int = 1280, **options: t.Any) -> t.Iterator[Opened]:
    """Open a file in a window of its own."""
    with browser.new_context(viewport={"width": width, "height": 800}, **options) as context:
        context.set_offline(True)
        page = context.new_page()
        seen = Opened(page, [], [])
        page.on("request", lambda request: seen.requests.append(request.url))
        page.on("console", lambda message: seen.complaints.append(message.text))
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (seen.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.goto(path.as_uri())
        yield seen
