"""Files that are replaced as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_text_if_changed(path: Path, text: str) -> bool:
    """Replace a file atomically (UTF-8, line ends as given); false if it held that text already.

    A reader sees the old file or the new one. An unchanged file keeps its modification time, which is what build tools
    look at.
    """
    data = text.encode("utf-8")
    if path.exists() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, since a rename is atomic only within one file system.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return True
