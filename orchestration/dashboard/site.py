"""Build the site from what is published, beside what readers see, and switch to it in one rename."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from orchestration.dashboard.chart_scripts import chart_scripts
from orchestration.dashboard.extracts import DAYS, MOST_DAILY_ROWS, marts_read, read_extracts
from orchestration.dashboard.lineage import lineage_page
from orchestration.dashboard.metrics import METRICS
from orchestration.dashboard.page import render_page
from orchestration.publish.files import switch_dashboard, sync_folder
from orchestration.publish.ledger import read_publishes
from orchestration.publish.reader import open_published
from orchestration.settings import Settings, project_vars

# An e-mail takes it, and a browser opens it in a moment.
LARGEST_SITE_BYTES = 8_000_000
# The one that readers see, and the one before it, which a reader may have open.
KEEP_SITES = 2
SHORTEST_DAYS = 57


class SiteTooLarge(RuntimeError):
    """The pages would be larger than what can be mailed and opened quickly."""


@dataclass(frozen=True)
class Site:
    """A site that readers see."""

    folder: Path
    publish_id: str
    bytes: int

    @property
    def index(self) -> Path:
        return self.folder / "index.html"


def dashboard_link(settings: Settings) -> Path:
    """Where readers open the dashboard."""
    return settings.published_dir / "dashboard"


def build_site(
    settings: Settings, *, lineage: bool = True, progress: Callable[[str], None] = lambda _step: None
) -> Site:
    """Make the site of the current build and let readers see it. The caller holds the writer lock.

    Args:
        lineage: also make the page of dbt's documentation, which parses the project if that was never done.

    Raises:
        NothingPublished: there is no build yet.
        SiteTooLarge: above 8 MB.
    """
    progress("read")
    with open_published(settings) as con:
        data = read_data(con)
    progress("pages")
    files = {}
    if lineage:
        files["lineage/index.html"] = lineage_page(settings)
    data["lineage"] = "lineage/index.html" if lineage else None
    files["index.html"] = render_page(data, chart_scripts(settings))
    sizes = {name: len(text.encode()) for name, text in files.items()}
    if sum(sizes.values()) > LARGEST_SITE_BYTES:
        told = ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sizes.items())
        raise SiteTooLarge(f"the dashboard would be larger than {LARGEST_SITE_BYTES / 1e6:.0f} MB: {told}")
    progress("switch")
    folder = _switch(settings, data["meta"]["publish_id"], files)
    return Site(dashboard_link(settings), folder.name.partition(".")[0], sum(sizes.values()))


def single_page(settings: Settings) -> str:
    """The dashboard as one file for mailing: the same page, without the link to what would lie next to it."""
    with open_published(settings) as con:
        data = read_data(con)
    return render_page(data | {"lineage": None}, chart_scripts(settings))


def read_data(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Everything the page knows: the build's own note, the metrics, and the extracts."""
    meta = _meta(con)
    first_day, last_day = _span(con, meta["as_of"])
    meta |= {"first_day": first_day, "last_day": last_day}
    return {
        "meta": meta,
        "metrics": list(METRICS),
        "marts": {name: list(marts) for name, marts in marts_read().items()},
        "extracts": read_extracts(con, first_day.isoformat(), last_day.isoformat()),
    }


def _meta(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    publishes = read_publishes(con, "marts.publishes")
    if not publishes:
        raise LookupError("the published build does not say what it is")
    common = project_vars()
    return asdict(publishes[-1]) | {
        "currency": common.reporting_currency,
        "time_zone": common.reporting_time_zone,
    }


def _span(con: duckdb.DuckDBPyConnection, as_of: datetime) -> tuple[date, date]:
    """First and last day shown: whole days before the day of the run, fewer where there are very many use cases."""
    zone = project_vars().reporting_time_zone
    (last,) = con.execute("SELECT (?::TIMESTAMPTZ AT TIME ZONE ?)::DATE - 1", [as_of, zone]).fetchone() or (None,)
    assert isinstance(last, date)
    days = DAYS
    while days > SHORTEST_DAYS:
        (rows,) = con.execute(
            "SELECT count(*) FROM marts.use_case_daily WHERE day BETWEEN ? AND ?", [last - timedelta(days - 1), last]
        ).fetchone() or (0,)
        if rows <= MOST_DAILY_ROWS:
            break
        days = max(SHORTEST_DAYS, days - 7)
    return last - timedelta(days - 1), last


def _switch(settings: Settings, publish_id: str, files: dict[str, str]) -> Path:
    """Write the files into a folder of their own and point the link at it; equal content is not written again."""
    digest = hashlib.sha256()
    for name, text in sorted(files.items()):
        digest.update(f"{name}\0{text}\0".encode())
    sites = settings.published_dir / "dashboards"
    folder = sites / f"{publish_id}.{digest.hexdigest()[:12]}"
    if not folder.exists():
        temporary = sites / f".{folder.name}.tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        for name, text in files.items():
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
            path.chmod(0o444)
        temporary.rename(folder)
        sync_folder(sites)
    switch_dashboard(settings, folder)
    _remove_old(sites, folder)
    return folder


def _remove_old(sites: Path, current: Path) -> None:
    """Leave the former site, which a reader may have open; what a killed run left half written goes too."""
    others = [path for path in sites.iterdir() if path != current]
    finished = [path for path in others if not path.name.startswith(".")]
    finished.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in set(others) - set(finished[: KEEP_SITES - 1]):
        shutil.rmtree(path, ignore_errors=True)
