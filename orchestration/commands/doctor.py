"""Look at everything that can keep a run from succeeding, and say what to do about it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from orchestration.commands.console import EXIT_FAILED, CommandError, out, plain
from orchestration.settings import Settings, project_vars

Level = Literal["ok", "note", "problem"]
_MARKS = {"ok": ("ok  ", "green"), "note": ("note", "yellow"), "problem": ("fix ", "red")}
_PYTHON = ((3, 11), (3, 14))
_PACKAGES = ("dbt-core", "dbt-duckdb", "duckdb", "dagster", "great-expectations", "genai-prices")
_LISTED = 10


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. A problem keeps a run from succeeding; a note does not."""

    level: Level
    text: str


def examine(settings: Settings) -> None:
    """Print every finding.

    Raises:
        CommandError: something must be fixed.
    """
    problems = 0
    for name, check in CHECKS.items():
        for finding in _careful(name, check, settings):
            mark, style = _MARKS[finding.level]
            out.print(f"[{style}]{mark}[/] {name}:", plain(finding.text), soft_wrap=True)
            problems += finding.level == "problem"
    if problems:
        raise CommandError(f"{problems} thing{'s' if problems > 1 else ''} to fix", EXIT_FAILED)


def _careful(name: str, check: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    try:
        yield from check(settings)
    except Exception as error:
        yield Finding("problem", f"could not be examined: {type(error).__name__}: {error}")


def _python(_settings: Settings) -> Iterator[Finding]:
    found = ".".join(str(part) for part in sys.version_info[:3])
    if _PYTHON[0] <= sys.version_info[:2] < _PYTHON[1]:
        yield Finding("ok", f"Python {found}; {', '.join(f'{name} {version(name)}' for name in _PACKAGES)}")
    else:
        yield Finding("problem", f"Python {found}; it must be 3.11, 3.12 or 3.13: remove .venv and run make again")


def _settings_in_use(settings: Settings) -> Iterator[Finding]:
    chosen = sorted(name for name in os.environ if name.startswith("FINOPS_"))
    shared = project_vars()
    yield Finding("ok", f"state in {settings.home}, landing {settings.landing_url}, reference {settings.seeds_dir}")
    yield Finding(
        "ok",
        f"days in {shared.reporting_time_zone}, money in {shared.reporting_currency}; "
        f"set in the environment: {', '.join(chosen) or 'nothing'}",
    )


def _folders(settings: Settings) -> Iterator[Finding]:
    for folder in (settings.warehouse_dir, settings.published_dir, settings.quarantine_dir, settings.dagster_dir):
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        if not os.access(existing, os.W_OK | os.X_OK):
            yield Finding("problem", f"{existing} cannot be written; give it to this user or set FINOPS_HOME")
    if settings.warehouse_dir.exists() and settings.warehouse_dir.stat().st_mode & 0o077:
        yield Finding("note", f"{settings.warehouse_dir} can be read by others; the next run closes it")
    yield Finding("ok", "state folders looked at")


def _disk(settings: Settings) -> Iterator[Finding]:
    from orchestration.publish.publish import NotEnoughSpace, require_free_space

    existing = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    try:
        if settings.home.exists():
            require_free_space(settings)
        yield Finding("ok", f"{shutil.disk_usage(existing).free / 1e9:,.1f} GB free")
    except NotEnoughSpace as error:
        yield Finding("problem", str(error))


def _lock(settings: Settings) -> Iterator[Finding]:
    from orchestration.warehouse.lock import lock_is_held

    if settings.lock_file.exists() and lock_is_held(settings):
        yield Finding("note", "a run is in progress; another one would end with exit code 75")
    else:
        yield Finding("ok", "no run is in progress")


def _reference(settings: Settings) -> Iterator[Finding]:
    from orchestration.reference import validate

    shared = project_vars()
    tables, problems, warnings = validate(
        settings.seeds_dir, zone=shared.reporting_time_zone, reporting_currency=shared.reporting_currency
    )
    for problem in problems:
        yield Finding("problem", str(problem))
    for warning in warnings[:_LISTED]:
        yield Finding("note", str(warning))
    if len(warnings) > _LISTED:
        yield Finding("note", f"{len(warnings) - _LISTED} more remarks of this kind")
    if not problems:
        yield Finding("ok", f"{len(tables)} files in {settings.seeds_dir} fit together")


def _landing(settings: Settings) -> Iterator[Finding]:
    from orchestration.ingest.landing import Landing
    from orchestration.sources.folders import unknown_folders
    from orchestration.sources.registry import SOURCES, family_of

    landing = Landing(settings.landing_url)
    if landing.is_local and not Path(settings.landing_url.removeprefix("file://")).is_dir():
        yield Finding("note", f"{settings.landing_url} does not exist yet; the first run makes it")
        return
    files = 0
    for source in landing.sources():
        if family_of(source) is None:
            continue
        listing = landing.list_source(source)
        files += len(listing.files)
        for name in listing.refused[:_LISTED]:
            yield Finding("note", f"{name} is no regular file and is not read")
        if listing.ignored:
            yield Finding("note", f"{source}: {listing.ignored} hidden, temporary or marker files are not read")
    for folder in unknown_folders(settings):
        known = ", ".join(f"{name} or {name}-..." for name in SOURCES)
        yield Finding("note", f"nobody reads the folder {folder}; names are {known}")
    yield Finding("ok", f"{files:,} files in {settings.landing_url}")


def _labels(settings: Settings) -> Iterator[Finding]:
    from orchestration.commands.sources import read_ledger

    sentences = read_ledger(settings).labels
    for sentence in sentences:
        yield Finding("note", f"{sentence}. Correct it in the export or in sources.yml, then run `finops rebuild`")
    if not sentences:
        yield Finding("ok", "all labels of the loaded rows could be used")


def _manifest(settings: Settings) -> Iterator[Finding]:
    from orchestration.build.dbt import manifest_is_current

    current = manifest_is_current(settings)
    yield Finding("ok", "the dbt manifest is current" if current else "the next run parses the dbt project (seconds)")


def _published(settings: Settings) -> Iterator[Finding]:
    from orchestration.publish.files import current_build, read_build_note

    build = current_build(settings)
    if build is None:
        yield Finding("note", "nothing is published yet; `finops demo` or `finops nightly` publishes")
        return
    note = read_build_note(build)
    yield Finding("ok", f"{note['publish_id']} is published, as of {note['as_of']}")


CHECKS: dict[str, Callable[[Settings], Iterator[Finding]]] = {
    "python": _python,
    "settings": _settings_in_use,
    "folders": _folders,
    "disk": _disk,
    "lock": _lock,
    "reference": _reference,
    "landing": _landing,
    "labels": _labels,
    "dbt": _manifest,
    "published": _published,
}
