"""Why a row or a file was not loaded: every reason code, and what a person can do about it."""

from __future__ import annotations


class Bad(str):
    """A reason code in the place of a value; ``isinstance(x, Bad)`` tells the two apart."""

    __slots__ = ()


MISSING_ID = Bad("missing_id")
MISSING_FIELD = Bad("missing_field")
BAD_NUMBER = Bad("bad_number")
BAD_TIME = Bad("bad_time")
NAIVE_TIME = Bad("naive_time")
FUTURE_TIME = Bad("future_time")
UNDECLARED_TIMES = Bad("undeclared_times")
OTHER_TIME_FORMAT = Bad("other_time_format")
AMBIGUOUS_TIME = Bad("ambiguous_time")
BAD_VALUE = Bad("bad_value")
BAD_TEXT = Bad("bad_text")
BAD_BOOLEAN = Bad("bad_boolean")
INCONSISTENT_TOKENS = Bad("inconsistent_tokens")
MALFORMED_JSON = Bad("malformed_json")
MALFORMED_CSV = Bad("malformed_csv")
NOT_AN_OBJECT = Bad("not_an_object")
DUPLICATE_KEY = Bad("duplicate_key")
BAD_ENCODING = Bad("bad_encoding")
LINE_TOO_LONG = Bad("line_too_long")
TOO_DEEP = Bad("too_deep")
RAGGED_ROW = Bad("ragged_row")
INCOMPLETE_TAIL = Bad("incomplete_tail")
UNKNOWN_SHAPE = Bad("unknown_shape")
FILE_REFUSED = Bad("file_refused")

ROW_REASONS: dict[str, str] = {
    MISSING_ID: "The row has no id. Send the id; without it the row cannot be counted once.",
    MISSING_FIELD: "A needed field is absent or null. Field names are case-sensitive.",
    BAD_NUMBER: "Not a number that this field can hold (negative, fraction, NaN, infinite, boolean or too large).",
    BAD_TIME: "Not a time between 2000 and 2100, or an end before its start.",
    NAIVE_TIME: "The time has no offset. Send an offset or Z.",
    FUTURE_TIME: "The time lies more than five minutes in the future.",
    UNDECLARED_TIMES: "The export's times have no offset and follow the settings of whoever exported it. Declare the"
    " landing folder's time_format and time_zone in sources.yml, then run `finops rebuild`.",
    OTHER_TIME_FORMAT: "The time is not written as sources.yml declares for the landing folder.",
    AMBIGUOUS_TIME: "Clocks of the declared time zone showed this time twice or never. Export as a user in UTC.",
    BAD_VALUE: "Not one of the values that the contract lists.",
    BAD_TEXT: "The text holds control characters, is longer than 1,000 characters, or is not text.",
    BAD_BOOLEAN: "Not true or false.",
    INCONSISTENT_TOKENS: "A part of the tokens is larger than the whole.",
    MALFORMED_JSON: "The line is not JSON.",
    MALFORMED_CSV: "The record breaks the CSV quoting rules.",
    NOT_AN_OBJECT: "The line is JSON, but not an object.",
    DUPLICATE_KEY: "The object names a key twice, so its meaning is not certain.",
    BAD_ENCODING: "The row is not UTF-8, or holds NUL bytes.",
    LINE_TOO_LONG: "The row is longer than FINOPS_MAX_LINE_BYTES.",
    TOO_DEEP: "The row is nested deeper than 64 levels.",
    RAGGED_ROW: "The record has more or fewer fields than the header.",
    INCOMPLETE_TAIL: "The last record has no line end, so it may have been cut.",
    UNKNOWN_SHAPE: "The object is not one of the shapes that this source writes.",
    FILE_REFUSED: "The row itself is readable, but its file was refused.",
}

FILE_REASONS: dict[str, str] = {
    "empty_file": "The file has no bytes. Deliver it again when it is complete.",
    "corrupt_gzip": "The gzip data is cut, damaged or followed by something else. Deliver the file again.",
    "corrupt_zstd": "The zstd data is cut, damaged or followed by something else. Deliver the file again.",
    "corrupt_parquet": "The Parquet file cannot be read. Deliver the file again.",
    "nested_compression": "A compressed file inside a compressed file. Compress once.",
    "bad_encoding": "The file is UTF-16 or UTF-32. Deliver it as UTF-8.",
    "missing_column": "The header lacks a needed column, or the delimiter is not a comma.",
    "duplicate_column": "The header names a column twice.",
    "malformed_csv": "A quoted field never ends or the quoting is broken across lines, so rows cannot be told apart.",
    "malformed_json": "The JSON document cannot be read as a whole.",
    "document_too_large": "One JSON document is longer than 32 times FINOPS_MAX_LINE_BYTES. Deliver it as JSON lines,"
    " or raise the setting.",
    "too_large": "Larger than FINOPS_MAX_FILE_BYTES once uncompressed.",
    "compression_ratio": "Expands more than FINOPS_MAX_COMPRESSION_RATIO times: refused as a possible bomb.",
    "too_many_bad_rows": "More rows are bad than FINOPS_MAX_QUARANTINED_SHARE allows. See quarantined_rows.",
    "unsupported_format": "This source cannot be read in this format.",
    "unreadable": "The file could not be read. Please report the source and format.",
    "not_a_regular_file": "A link, pipe, socket or device. Only regular files are read.",
    "unreadable_file": "The file cannot be opened. Check its owner and mode.",
}


class FileRefused(Exception):
    """A file refused as a whole.

    Args:
        reason: a key of FILE_REASONS.
        rows: rows that were counted in it, where they could be counted.
    """

    def __init__(self, reason: str, rows: int = 0) -> None:
        if reason not in FILE_REASONS:
            raise ValueError(f"unknown file reason {reason}")
        super().__init__(reason)
        self.reason = reason
        self.rows = rows


class ConservationError(RuntimeError):
    """Rows were lost or invented while reading: a defect of a reader. Nothing of the file was loaded."""
