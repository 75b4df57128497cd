"""How many keys the text of each JSON line holds, for many lines at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_QUOTE, _COLON, _BACKSLASH = ord('"'), ord(":"), ord("\\")
_IS_BLANK = np.isin(np.arange(256), [ord(" "), ord("\t"), ord("\r")])


class KeyCounts(NamedTuple):
    """Keys of each line, and whether that number is certain."""

    keys: list[int]
    certain: list[bool]


def count_keys(lines: list[bytes]) -> KeyCounts:
    """Count the keys of all objects on each line, nested ones too.

    In valid JSON a quote that is not escaped and has a colon behind it ends a key. Lines with blanks behind a quote
    or with a backslash before an escaped quote are not certain. Counting once over all lines is several times as
    fast as searching each line.
    """
    text = np.frombuffer(b"\n".join(lines) + b"\n\n", np.uint8)
    quotes = np.flatnonzero(text == _QUOTE)
    before, behind = text[quotes - 1], text[quotes + 1]
    escaped = before == _BACKSLASH
    plain = ~escaped
    doubtful = (escaped & (text[quotes - 2] == _BACKSLASH)) | (plain & _IS_BLANK[behind])
    ends = np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)) + 1)

    def per_line(marks: np.ndarray) -> np.ndarray:
        return np.diff(np.searchsorted(quotes[marks], ends), prepend=0)

    return KeyCounts(
        per_line(plain & (behind == _COLON)).tolist(),
        (per_line(doubtful) == 0).tolist(),
    )
