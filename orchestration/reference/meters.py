"""What a price can be for: the text kinds of an attempt, and the meters of the vocabulary, `seeds/meters.csv`."""

from __future__ import annotations

from orchestration.reference.csv_file import read_table
from orchestration.settings import PROJECT_DIR

# Columns of an attempt, and a fee per request. All else that is billed is a row of a meter.
TEXT_KINDS = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning", "request")
METERS = tuple(record.values["meter"] for record in read_table(PROJECT_DIR / "seeds" / "meters.csv").rows)
TOKEN_KINDS = (*TEXT_KINDS, *METERS)
