"""Parquet by projected columns, one slice of a row group at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.ingest.batches import BATCH_ROWS, Batch, Columns, numbered
from orchestration.ingest.reasons import FileRefused
from orchestration.ingest.staging import RATIO_FLOOR_BYTES
from orchestration.ingest.values import EARLIEST, LATEST
from orchestration.settings import Settings

_EPOCH = datetime(1970, 1, 1)
_EARLIEST_US = int(EARLIEST.timestamp()) * 1_000_000
_LATEST_US = int(LATEST.timestamp()) * 1_000_000


class ParquetReader:
    """Reads wanted columns of a Parquet file. See ``RowReader``; row numbers stand for line numbers.

    Args:
        size: bytes of the file as it arrived, for the compression ratio.
    """

    lenient_numbers = True

    def __init__(
        self,
        handle: BinaryIO,
        size: int,
        needed: tuple[tuple[str, ...], ...],
        wants: Callable[[str], bool],
        settings: Settings,
    ) -> None:
        self._handle = handle
        self._size = size
        self._needed = needed
        self._wants = wants
        self._settings = settings
        self.rows_in = 0

    def batches(self) -> Iterator[Batch]:
        try:
            yield from self._read()
        except (pa.ArrowException, OSError, ValueError, OverflowError):
            # The message may hold values of the file.
            raise FileRefused("corrupt_parquet") from None

    def _read(self) -> Iterator[Batch]:
        self._handle.seek(0)
        schema = pq.read_schema(self._handle)
        # Texts stay encoded: one huge text repeated in every row costs the file nothing, but would cost us memory.
        texts = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
        self._handle.seek(0)
        file = pq.ParquetFile(self._handle, read_dictionary=texts)
        metadata = file.metadata
        self.rows_in = metadata.num_rows
        unpacked = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
        if unpacked > self._settings.max_file_bytes:
            raise FileRefused("too_large", self.rows_in)
        if unpacked > RATIO_FLOOR_BYTES and unpacked > self._size * self._settings.max_compression_ratio:
            raise FileRefused("compression_ratio", self.rows_in)
        names = schema.names
        if any(not set(group) & set(names) for group in self._needed):
            raise FileRefused("missing_column", self.rows_in)
        if len(set(names)) != len(names):
            raise FileRefused("duplicate_column", self.rows_in)
        wanted = [name for name in names if self._wants(name)]
        row_no = 1
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=wanted, use_threads=False):
            columns = {name: values(batch.column(name)) for name in batch.schema.names}
            numbers = numbered(row_no, batch.num_rows)
            yield Batch(Columns(columns, batch.num_rows), numbers, numbers)
            row_no += batch.num_rows
        if row_no - 1 != self.rows_in:
            raise FileRefused("corrupt_parquet")


def values(column: pa.Array) -> list[Any]:
    """Python values of an Arrow column; empty texts are None, moments are datetimes, moments that no datetime can
    hold are -1 (which is no moment either)."""
    if pa.types.is_dictionary(column.type):
        words = [word or None for word in column.dictionary.to_pylist()]
        return [None if place is None else words[place] for place in column.indices.to_pylist()]
    if pa.types.is_timestamp(column.type):
        zone = UTC if column.type.tz else None
        counts = column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64()).to_pylist()
        return [
            None
            if count is None
            else (_EPOCH + timedelta(microseconds=count)).replace(tzinfo=zone)
            if _EARLIEST_US <= count < _LATEST_US
            else -1
            for count in counts
        ]
    return column.to_pylist()
