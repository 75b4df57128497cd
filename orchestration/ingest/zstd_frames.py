"""Walks the frames of a zstd file without decompressing, to tell a complete file from a cut one."""

from __future__ import annotations

from typing import BinaryIO

_MAGIC = 0xFD2FB528
_SKIPPABLE = 0x184D2A50


def frames_are_complete(handle: BinaryIO, size: int) -> bool:
    """Whether the file is one or more whole frames and nothing else (layout: RFC 8878, section 3.1)."""
    position = 0
    while position < size:
        end = _frame_end(handle, position)
        if end is None or end > size:
            return False
        position = end
    return size > 0


def _read(handle: BinaryIO, position: int, length: int) -> int | None:
    handle.seek(position)
    raw = handle.read(length)
    return int.from_bytes(raw, "little") if len(raw) == length else None


def _frame_end(handle: BinaryIO, position: int) -> int | None:
    magic = _read(handle, position, 4)
    if magic is None:
        return None
    if magic & 0xFFFFFFF0 == _SKIPPABLE:
        length = _read(handle, position + 4, 4)
        return None if length is None else position + 8 + length
    descriptor = _read(handle, position + 4, 1)
    if magic != _MAGIC or descriptor is None:
        return None
    single_segment = descriptor >> 5 & 1
    content_size = (single_segment, 2, 4, 8)[descriptor >> 6]
    dictionary_id = (0, 1, 2, 4)[descriptor & 3]
    position += 5 + (1 - single_segment) + dictionary_id + content_size
    while True:
        header = _read(handle, position, 3)
        if header is None:
            return None
        is_last, kind, length = header & 1, header >> 1 & 3, header >> 3
        if kind == 3:
            return None
        # A block of kind 1 repeats one byte ``length`` times.
        position += 3 + (1 if kind == 1 else length)
        if is_last:
            return position + (4 if descriptor >> 2 & 1 else 0)
