"""Times of exports that are written by the settings of a site and of the person who exported: without an offset, and in
a format that nothing in the file names. Both have to be declared; nothing is guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, field_validator

from orchestration.ingest.reasons import AMBIGUOUS_TIME, OTHER_TIME_FORMAT, Bad

_MONTHS = "January February March April May June July August September October November December".lower().split()
_MONTH_NUMBER = {word: number for number, name in enumerate(_MONTHS, 1) for word in (name, name[:3])} | {"sept": 9}
_TOKEN = re.compile(r"'(?P<quoted>[^']*)'|(?P<letters>(?P<letter>[A-Za-z])(?P=letter)*)|(?P<blank>\s+)|(?P<other>.)")
# Letters of Java's date patterns, in which Jira's settings show them; `h` is of twelve hours, `H` of twenty-four.
_DIGITS = {"d": r"\d{1,2}", "H": r"\d{1,2}", "h": r"\d{1,2}", "m": r"\d{2}", "s": r"\d{2}"}
_NEEDED = ({"y", "M", "d", "H", "m"}, {"y", "M", "d", "h", "a", "m"})


class ExportTimes(BaseModel):
    """How the times of a landing folder's exports are written.

    Attributes:
        time_format: as the site's settings show it, for example ``dd/MMM/yy h:mm a``; names of months are English.
        time_zone: of whoever exported, for example ``Europe/Berlin``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_format: str
    time_zone: str

    @field_validator("time_format")
    @classmethod
    def _is_format(cls, text: str) -> str:
        _pattern(text)
        return text

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, LookupError, ValueError):
            raise ValueError(f"{name!r} is no time zone") from None
        return name

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return _pattern(self.time_format)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def moment(self, text: str) -> datetime | Bad:
        """The moment in UTC; a reason where the text is not in the declared format, or clocks never showed it or
        showed it twice."""
        match = self._compiled.fullmatch(text.strip())
        if match is None:
            return OTHER_TIME_FORMAT
        found = match.groupdict()
        month = found["M"]
        number = int(month) if month.isdigit() else _MONTH_NUMBER.get(month.rstrip(".").lower(), 0)
        hour = int(found.get("H") or found["h"])
        if "h" in found:
            if not 1 <= hour <= 12:
                return OTHER_TIME_FORMAT
            hour = hour % 12 + (12 if found["a"][0] in "pP" else 0)
        year = int(found["y"]) + (2000 if len(found["y"]) == 2 else 0)
        try:
            local = datetime(year, number, int(found["d"]), hour, int(found["m"]), int(found.get("s") or 0))
        except ValueError:
            return OTHER_TIME_FORMAT
        first, second = (local.replace(tzinfo=self._zone, fold=fold) for fold in (0, 1))
        return AMBIGUOUS_TIME if first.utcoffset() != second.utcoffset() else first.astimezone(UTC)


def _pattern(text: str) -> re.Pattern[str]:
    """A regular expression for a format, with a group for each of its letters.

    Raises:
        ValueError: the format does not tell a moment, or has letters that are not known here.
    """
    pieces, seen = [], set()
    for token in _TOKEN.finditer(text):
        letter, length = token["letter"], len(token["letters"] or "")
        if letter is None:
            # Some versions of Java write a narrow blank before AM and PM.
            pieces.append(r"\s+" if token["blank"] else re.escape(token["quoted"] or token["other"] or ""))
            continue
        if letter in seen:
            raise ValueError(f"{text!r} has {letter!r} twice")
        seen.add(letter)
        if letter == "y":
            digits = r"\d{2}" if length == 2 else r"\d{4}"
        elif letter == "M":
            digits = r"\d{1,2}" if length < 3 else r"[^\W\d_]+\.?"
        elif letter == "a":
            digits = r"[AaPp]\.?[Mm]\.?"
        elif letter in _DIGITS:
            digits = _DIGITS[letter]
        else:
            raise ValueError(f"{text!r}: {letter!r} is none of y M d H h m s a")
        pieces.append(f"(?P<{letter}>{digits})")
    if not any(needed <= seen for needed in _NEEDED) or {"H", "h"} <= seen:
        raise ValueError(f"{text!r} does not tell day and time: it needs y M d m and either H, or h and a")
    return re.compile("".join(pieces))
