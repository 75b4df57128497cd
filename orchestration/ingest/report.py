"""What one ingest run did, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ROW_FATES = ("loaded", "duplicate", "superseded", "quarantined")


@dataclass
class IngestReport:
    """What became of the files and rows of a source in one run.

    ``files_seen`` = loaded + skipped + refused + unstable. The four row counts add up to ``rows_in``, the rows of
    the files that were read in this run.

    Attributes:
        files_skipped: their bytes were loaded or refused before.
        files_ignored: hidden, half-written or marker files; not counted as seen.
        files_unstable: changed or vanished while they were read; left for the next run.
        superseded_before: rows of earlier runs that a better version in this run has replaced.
        reasons: reason code -> quarantined rows.
        unusable: label -> rows whose value could not be used and is unknown.
        refused: (file, reason) of each file refused as a whole.
    """

    source: str
    files_seen: int = 0
    files_loaded: int = 0
    files_skipped: int = 0
    files_refused: int = 0
    files_ignored: int = 0
    files_unstable: int = 0
    bytes_read: int = 0
    rows_in: int = 0
    loaded: int = 0
    duplicate: int = 0
    superseded: int = 0
    quarantined: int = 0
    superseded_before: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    unusable: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def new_files(self) -> int:
        """Files whose content became part of the ledger in this run."""
        return self.files_loaded + self.files_refused

    def add_file(self, entry: Mapping[str, Any], reasons: Counter[str], unusable: Counter[str]) -> None:
        """Count a file by its ledger entry."""
        for name in ("rows_in", *ROW_FATES):
            setattr(self, name, getattr(self, name) + entry[name])
        self.reasons.update(reasons)
        self.unusable.update(unusable)
        if entry["status"] == "loaded":
            self.files_loaded += 1
        else:
            self.files_refused += 1
            self.refused.append((entry["first_name"], entry["reason"]))

    def as_dict(self) -> dict[str, int | str | dict[str, int]]:
        """Plain numbers, for logs and metadata; holds no values and no file names."""
        numbers = {name: value for name, value in vars(self).items() if isinstance(value, int | str)}
        return {
            **numbers,
            "reasons": dict(self.reasons.most_common()),
            "unusable_labels": dict(self.unusable.most_common()),
        }
