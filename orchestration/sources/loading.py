"""One landing folder into its tables: which source it is, and what the engine has to know of that source."""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.ingest.load import ingest_source
from orchestration.ingest.report import IngestReport
from orchestration.settings import Settings
from orchestration.sources.registry import family_of
from orchestration.sources.sources_yml import load_places


class UnknownSource(ValueError):
    """A landing folder that no source reads."""


def load_folder(con: duckdb.DuckDBPyConnection, folder: str, *, settings: Settings, **arguments: Any) -> IngestReport:
    """Load every new file of a landing folder; see ``ingest_source`` for the arguments.

    Raises:
        UnknownSource: no source reads this folder.
        PlacesError: ``sources.yml`` is not valid.
        ConservationError: a reader lost count; the group of files it was in is not loaded.
    """
    family = family_of(folder)
    if family is None:
        raise UnknownSource(f"no source family reads the landing folder {folder!r}")
    places = getattr(load_places(settings), family.name, None)
    return ingest_source(con, folder, family, places=places, settings=settings, **arguments)
