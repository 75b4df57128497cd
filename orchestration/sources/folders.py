"""Which landing folder belongs to which kind of source."""

from __future__ import annotations

from orchestration.ingest.landing import Landing
from orchestration.settings import Settings
from orchestration.sources.registry import NOT_READ_YET, family_of


def folders_of(settings: Settings, family: str) -> list[str]:
    """Landing folders of one kind of source that exist, sorted."""
    folders = Landing(settings.landing_url).sources()
    return [folder for folder in folders if (found := family_of(folder)) and found.name == family]


def unknown_folders(settings: Settings) -> list[str]:
    """Landing folders that nothing reads and nobody announced."""
    folders = Landing(settings.landing_url).sources()
    return [folder for folder in folders if family_of(folder) is None and folder not in NOT_READ_YET]
