"""Start and stop a reader process around something that publishes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("reader.py")


@contextmanager
def reading(home: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """A reader process for as long as the block lasts; its findings are in the mapping afterwards."""
    findings = folder / "reader.json"
    found: dict[str, Any] = {}
    process = subprocess.Popen([sys.executable, str(SCRIPT), str(home), str(findings)])
    try:
        yield found
    finally:
        findings.with_suffix(".stop").touch()
        process.wait(60)
    found.update(json.loads(findings.read_text()))
