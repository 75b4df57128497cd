"""Debian's Chromium, driven by the tests; everything that it says or asks for is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from orchestration.dashboard.screenshot import find_chromium

CHROMIUM = find_chromium()
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")

DRAWN = "body[data-drawn]:not([data-drawn=no])"
PAGES = ("overview", "use-case", "budgets", "releases", "trust")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own browser: playwright's would have to be downloaded from a place of its own."""
    with sync_playwright() as driver:
        # Root has no sandbox in Chromium.
        arguments = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page in a window of its own, with what it logged, asked for and opened."""

    page: Page
    index: Path
    told: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def go(self, address: str = "#/overview") -> Visit:
        """Open an address anew, as somebody with the link would."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.index.as_uri()}{address}")
        return self.wait()

    def wait(self) -> Visit:
        """Until all charts are drawn."""
        self.page.wait_for_selector(DRAWN, timeout=20_000)
        return self

    def choose(self, name: str, value: str) -> Visit:
        """Use a filter as a person does, and wait for the page that it leads to."""
        before = self.page.evaluate("document.body.dataset.drawn")
        control = self.page.locator(f"#filters [name={name}]")
        if control.evaluate("node => node.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
            control.dispatch_event("change")
        self.page.wait_for_selector(f"body:not([data-drawn={_css(before)}]):not([data-drawn=no])", timeout=20_000)
        return self

    def tile(self, metric: str) -> str:
        """The big figure of a metric's tile."""
        return self.page.locator(f"[data-metric={metric}] .value").inner_text()

    def text(self) -> str:
        return self.page.locator("main").inner_text()


@contextmanager
def visit(browser: Browser, index: Path, **options: Any) -> Iterator[Visit]:
    """A window; the test fails if a dialog opens, which no page of ours does."""
    context = browser.new_context(**options)
    page = context.new_page()
    seen = Visit(page, index)
    page.on("console", lambda message: seen.told.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: seen.told.append(f"error: {error}"))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("dialog", lambda dialog: (seen.told.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    yield seen
    context.close()


def _css(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
