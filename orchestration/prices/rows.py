"""One row of the price book (`seeds/model_prices.csv`) and how it is read and written."""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, dataclass, fields
from decimal import Decimal
from pathlib import Path

from orchestration.warehouse.files import write_text_if_changed

# An undated price is taken to hold since before anybody's first log row.
ORIGIN = "2020-01-01"
CURRENCY = "USD"
# The warehouse keeps a price as DECIMAL(18,9): a thousandth of a millionth of a cent for a single token is fine enough.
PRICE_QUANTUM = Decimal("1e-9")

PriceKey = tuple[str, str, str, str, str, int, str, str]


@dataclass(frozen=True)
class PriceRow:
    """The price of one kind of unit over one interval of time.

    ``price_per_million`` is in ``currency`` for a million units: tokens, requests where ``token_kind`` is ``request``,
    else the unit of the meter that ``token_kind`` names (seconds, pages, calls of a tool). An explicit price of 0 is a
    row with 0; a missing price is a missing row. The row applies to a call whose whole input (cached parts included) is
    *more* than
    ``above_tokens``; the row with the greatest threshold below the input prices all tokens of its kind, not only
    those beyond the threshold. ``valid_from`` is inclusive, ``valid_to`` exclusive and empty while open: dates, or
    instants with an offset. ``hours_utc`` and ``weekdays`` are the part of the week in which the price holds, all
    of it when empty. ``known_from`` is set on a correction of the past.
    """

    provider: str
    model: str
    region: str
    service_tier: str
    token_kind: str
    above_tokens: int
    price_per_million: Decimal
    currency: str
    valid_from: str
    valid_to: str
    source: str
    hours_utc: str = ""
    weekdays: str = ""
    known_from: str = ""

    @property
    def key(self) -> PriceKey:
        """What stays the same when a price changes."""
        place = (self.provider, self.model, self.region, self.service_tier, self.token_kind, self.above_tokens)
        return (*place, self.hours_utc, self.weekdays)


COLUMNS = tuple(field.name for field in fields(PriceRow))
# A company's own book may do without these.
OPTIONAL_COLUMNS = frozenset({"hours_utc", "weekdays", "known_from"})


def price_text(price: Decimal) -> str:
    """A price as plain digits: no exponent, no trailing zeros, at most 9 decimals."""
    text = format(price.quantize(PRICE_QUANTUM).normalize(), "f")
    return "0" if text in ("-0", "") else text


def render_rows(rows: list[PriceRow]) -> str:
    """The rows as CSV text, sorted, with LF line ends: equal rows give equal bytes."""
    ordered = sorted(rows, key=lambda row: (row.key, row.valid_from, row.known_from))
    return render_csv(
        COLUMNS,
        [tuple(price_text(v) if isinstance(v, Decimal) else str(v) for v in astuple(row)) for row in ordered],
    )


def render_csv(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """CSV text with LF line ends; values are quoted only where they must be."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def read_rows(path: Path) -> list[PriceRow]:
    """Rows of a price book that has passed validation; none if the file is absent.

    Raises:
        ValueError: the file's columns are not those of a price book, or a number is not one.
    """
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = sorted(set(COLUMNS) - OPTIONAL_COLUMNS - set(reader.fieldnames or ()))
        if missing:
            raise ValueError(f"{path}: missing columns {', '.join(missing)}")
        return [_row(record) for record in reader]


def _row(record: dict[str, str]) -> PriceRow:
    text = {name: record.get(name, "") for name in COLUMNS}
    return PriceRow(
        **{
            **text,
            "service_tier": text["service_tier"] or "standard",
            "above_tokens": int(text["above_tokens"] or 0),
            "price_per_million": Decimal(text["price_per_million"]),
        }
    )


def write_rows(path: Path, rows: list[PriceRow]) -> bool:
    """Write the price book atomically; false if it was so already."""
    return write_text_if_changed(path, render_rows(rows))
