"""`finops dashboard`: the pages made again from what is published, shown, mailed or photographed."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from orchestration.commands.console import EXIT_FAILED, CommandError, out, plain
from orchestration.settings import Settings
from orchestration.warehouse.lock import writer_lock


def run_dashboard(
    settings: Settings, *, show: bool, single_file: Path | None, screenshot: Path | None, view: str
) -> None:
    """Build the site, or with ``single_file`` only one page there; then show it or take its picture.

    Raises:
        CommandError: nothing is published, the pages are too large, or there is no Chromium for the picture.
        RunInProgress: a run holds the warehouse; it makes the pages again when it has published.
    """
    from orchestration.dashboard.screenshot import NoBrowser, take_screenshot
    from orchestration.dashboard.site import SiteTooLarge, build_site, single_page

    try:
        if single_file is not None:
            single_file.write_text(single_page(settings), encoding="utf-8", newline="")
            page = single_file.resolve()
        else:
            with writer_lock(settings):
                page = build_site(settings).index
        out.print(plain(f"{page}   {page.stat().st_size / 1e6:.1f} MB"), soft_wrap=True)
        if screenshot is not None:
            take_screenshot(page, screenshot, view)
            out.print(plain(f"{screenshot}   {screenshot.stat().st_size / 1e3:.0f} kB"), soft_wrap=True)
    except (SiteTooLarge, NoBrowser) as error:
        raise CommandError(str(error), EXIT_FAILED) from error
    if show and not webbrowser.open(page.as_uri()):
        out.print("no browser could be started; open the file above")
