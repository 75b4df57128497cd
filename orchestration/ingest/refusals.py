"""The note beside a refused file: where it lies, why it was refused, what to do. Never its content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.ingest.reasons import FILE_REASONS, ROW_REASONS
from orchestration.settings import Settings


def write_refusal_note(settings: Settings, entry: Mapping[str, Any], reasons: Mapping[str, int]) -> Path:
    """Write ``quarantine/<sha256>.json`` and return its path. Writing it again gives the same file.

    Args:
        entry: the file's ledger entry.
        reasons: reason code -> bad rows.
    """
    note = {
        "landing_path": entry["first_name"],
        "source": entry["source"],
        "sha256": entry["file_sha256"],
        "bytes": entry["bytes"],
        "reason": entry["reason"],
        "what_to_do": FILE_REASONS[entry["reason"]],
        "rows": entry["rows_in"],
        "bad_rows": {
            code: {"rows": count, "meaning": ROW_REASONS.get(code) or FILE_REASONS[code]}
            for code, count in sorted(reasons.items())
        },
    }
    settings.quarantine_dir.mkdir(parents=True, exist_ok=True)
    path = settings.quarantine_dir / f"{entry['file_sha256']}.json"
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)
    return path
