"""How many keys the text of each JSON line holds at most, for many lines at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_BACKSLASH = ord("\\")
_BLANKS = (b" ", b"\t", b"\r")


class KeyCounts(NamedTuple):
    """Keys of each line, and whether that number is certainly not too low."""

    keys: list[int]
    certain: list[bool]


def count_keys(lines: list[bytes]) -> KeyCounts:
    """Count the keys of all objects on each line, nested ones too.

    In valid JSON a quote that is not escaped and has a colon behind it ends a key, or begins a text whose first
    character is a colon: the count may be too high. Lines with a blank behind such a quote, or with a backslash before
    an escaped quote, are not certain. Counting over all lines at once is several times as fast as searching each one.
    """
    joined = b"\n\n" + b"\n".join(lines) + b"\n"
    text = np.frombuffer(joined, np.uint8)
    ends = np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)) + 1) + 2
    keys = np.zeros(len(lines), np.int64)
    doubts = np.zeros(len(lines), np.int64)
    for places in _quotes_before(b":", joined):
        escaped = text[places - 1] == _BACKSLASH
        keys += _per_line(places[~escaped], ends)
        doubts += _per_line(_twice_escaped(text, places[escaped]), ends)
    for blank in _BLANKS:
        for places in _quotes_before(blank, joined) if blank in joined else ():
            escaped = text[places - 1] == _BACKSLASH
            doubts += _per_line(places[~escaped], ends) + _per_line(_twice_escaped(text, places[escaped]), ends)
    return KeyCounts(keys.tolist(), (doubts == 0).tolist())


def _quotes_before(byte: bytes, joined: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Places of double quotes with this byte behind them: the even ones and the odd ones, each in order.

    Two neighbouring bytes are compared as one number, which finds pairs in one pass over the text.
    """
    pair = int.from_bytes(b'"' + byte, "little")
    even = np.frombuffer(joined, "<u2", len(joined) // 2)
    odd = np.frombuffer(joined, "<u2", (len(joined) - 1) // 2, offset=1)
    return np.flatnonzero(even == pair) * 2, np.flatnonzero(odd == pair) * 2 + 1


def _twice_escaped(text: np.ndarray, escaped: np.ndarray) -> np.ndarray:
    return escaped[text[escaped - 2] == _BACKSLASH]


def _per_line(places: np.ndarray, ends: np.ndarray) -> np.ndarray:
    return np.diff(np.searchsorted(places, ends), prepend=0)
