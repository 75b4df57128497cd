"""Repair of the record when a run died between the switch and the record."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.publish.ledger import PublishRow, read_publishes, record_publish
from orchestration.publish.restatements import copy_restatements
from orchestration.reference import PreparedReference, ReferenceRow
from orchestration.settings import Settings
from orchestration.warehouse.database import open_database
from orchestration.warehouse.files import write_text_if_changed


def write_pending(settings: Settings, row: PublishRow, reference: PreparedReference) -> None:
    """Note what is about to be published, before the switch."""
    text = json.dumps({"publish": row.to_json(), "reference": _reference_to_json(reference)})
    write_text_if_changed(_pending_path(settings), text)


def reconcile_publishes(settings: Settings) -> list[str]:
    """Adopt publishes that readers see and the ledger does not know; returns their ids.

    A run that dies after the switch leaves one such publish. A ledger that was lost leaves all of them.
    """
    published = settings.published_database
    pending = _read_pending(settings)
    adopted: list[PublishRow] = []
    with open_database(settings.raw_database, settings) as con:
        known = {row.publish_id for row in read_publishes(con)}
        (max_load_id,) = con.execute("SELECT coalesce(max(load_id), 0) FROM ledger.load_files").fetchone() or (0,)
        if pending and pending[0].max_load_id > max_load_id:
            # Written by a ledger that is gone; its load numbers mean nothing in this one.
            pending = None
        if published.exists():
            with open_database(published.resolve(), settings, read_only=True) as marts:
                seen = read_publishes(marts, "marts.publishes")
            unknown = [row for row in seen if row.publish_id not in known]
            if unknown:
                copy_restatements(con, published.resolve(), "marts", [row.publish_id for row in unknown])
            for row in unknown:
                if pending and pending[0].publish_id == row.publish_id:
                    record_publish(con, *pending)
                else:
                    record_publish(con, _of_another_ledger(row), None)
                adopted.append(row)
    clear_pending(settings)
    return [row.publish_id for row in adopted]


def clear_pending(settings: Settings) -> None:
    """Forget the note of ``write_pending``."""
    _pending_path(settings).unlink(missing_ok=True)


def _of_another_ledger(row: PublishRow) -> PublishRow:
    return PublishRow(**{**asdict(row), "max_load_id": 0})


def _pending_path(settings: Settings) -> Path:
    return settings.warehouse_dir / "pending_publish.json"


def _read_pending(settings: Settings) -> tuple[PublishRow, PreparedReference] | None:
    path = _pending_path(settings)
    if not path.exists():
        return None
    note = json.loads(path.read_text(encoding="utf-8"))
    return PublishRow.from_json(note["publish"]), _reference_from_json(note["reference"])


def _reference_to_json(reference: PreparedReference) -> dict[str, Any]:
    rows = [
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(row).items()}
        for row in reference.rows
    ]
    return {"path": str(reference.path), "hash": reference.hash, "rows": rows}


def _reference_from_json(values: dict[str, Any]) -> PreparedReference:
    times = ("valid_from", "valid_to")
    rows = tuple(
        ReferenceRow(
            **{
                name: datetime.fromisoformat(value) if name in times and value is not None else value
                for name, value in row.items()
            }
        )
        for row in values["rows"]
    )
    return PreparedReference(Path(values["path"]), values["hash"], rows, ())


def has_pending(settings: Settings) -> bool:
    """Whether a run may have died between the switch and the record."""
    return _pending_path(settings).exists()
