"""A picture of a page, by the Chromium of the machine without a window."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_TIMEOUT_SECONDS = 60
# Time of the page, not of the clock: the charts are drawn by then however slow the machine is.
_VIRTUAL_MILLISECONDS = 8000


class NoBrowser(RuntimeError):
    """There is no Chromium, or it took no picture."""


def find_chromium() -> str | None:
    """Path of the Chromium of this machine: that of the variable ``CHROMIUM``, else the first one in the path."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


def take_screenshot(
    page: Path, target: Path, view: str = "#/overview", *, width: int = 1280, height: int = 1165
) -> None:
    """Write a PNG of a page at an address inside it.

    Raises:
        NoBrowser: Chromium is not installed or failed.
    """
    chromium = find_chromium()
    if chromium is None:
        raise NoBrowser("no Chromium on this machine (Debian: apt install chromium); CHROMIUM names another one")
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        command = [
            chromium,
            "--headless=new",
            "--disable-gpu",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
            # Root has no sandbox in Chromium; the page is ours and may talk to nobody.
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            f"--user-data-dir={profile}",
            f"--window-size={width},{height}",
            f"--virtual-time-budget={_VIRTUAL_MILLISECONDS}",
            f"--screenshot={target.resolve()}",
            f"{page.as_uri()}{view}",
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise NoBrowser(f"{chromium} took no picture within {_TIMEOUT_SECONDS} seconds") from error
    if done.returncode != 0 or not target.exists():
        raise NoBrowser(f"{chromium} took no picture: {done.stderr.strip()[-300:]}")
