"""Generated companies: landing files and reference data, the same bytes for the same arguments and DuckDB version."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb

from benchmarks.reference import write_seeds

# The day after the history ends: what lands on it is new.
NEW_DAY = date(2026, 9, 28)
_SQL = Path(__file__).with_name("company.sql")
_TIME = "strftime({0}, '%Y-%m-%dT%H:%M:%S.%gZ') AS {0}"
# Landing folder: table, columns that are times, columns that are not written.
_KINDS = {
    "inference": ("attempts", ("started_at",), ()),
    "outcomes": ("decisions", ("decided_at",), ()),
    "rework": ("tickets", ("opened_at", "closed_at", "updated_at"), ("minutes",)),
    "sla": ("clocks", ("started_at", "due_at", "stopped_at", "updated_at"), ()),
}
_ATTEMPTS_AN_OUTCOME = 3.05
_LITELLM = """
    SELECT attempt_id AS request_id, 'acompletion' AS call_type, input_tokens + cache_read_tokens AS prompt_tokens,
        output_tokens AS completion_tokens, prompt_tokens + completion_tokens AS total_tokens,
        {started_at}, strftime(known_at + to_milliseconds(latency_ms), '%Y-%m-%dT%H:%M:%S.%gZ') AS "endTime",
        provider || '/' || model AS model, model AS model_group, provider AS custom_llm_provider,
        coalesce(cost, 0) AS spend, 'False' AS cache_hit, repository AS model_id,
        if(status = 'success', 'success', 'failure') AS status,
        id('s-', outcome_id) AS session_id, '["team:one"]' AS request_tags, '{{}}' AS messages, '{{}}' AS response,
        to_json({{
            user_api_key_team_alias: 'team', status: if(status = 'success', 'success', 'failure'),
            usage_object: {{
                prompt_tokens: input_tokens + cache_read_tokens, completion_tokens: output_tokens,
                prompt_tokens_details: {{cached_tokens: cache_read_tokens}}
            }},
            spend_logs_metadata: {{outcome_id: outcome_id, use_case: use_case, prompt_hash: prompt_hash}}
        }})::VARCHAR AS metadata
    FROM attempts
"""


def write_company(folder: Path, attempts: int, days: int, *, new: int = 0) -> Path:
    """Write ``folder``/landing (one file a day and kind), ``folder``/seeds, and ``folder``/new with what lands on the
    day after: the history's late rows and about ``new`` attempts more. A folder that was finished before is kept.

    Args:
        attempts: about how many the ``days`` before ``NEW_DAY`` have together.
    """
    done = folder / "finished"
    if done.exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    with _generator(folder) as con:
        _make(con, attempts, NEW_DAY - timedelta(days=days), days, salt=1)
        for kind, (table, *_) in _KINDS.items():
            for number in range(days):
                day = NEW_DAY - timedelta(days=days - number)
                _write(con, folder / "landing" / kind / f"{day}.jsonl", kind, table, day)
            con.execute(f"CREATE TABLE late_{table} AS {_rows_of(table, NEW_DAY)}")
        if new:
            _make(con, new, NEW_DAY, 1, salt=2)
            for table, *_ in _KINDS.values():
                con.execute(f"INSERT INTO late_{table} {_rows_of(table, NEW_DAY)}")
        for kind, (table, *_) in _KINDS.items():
            _write(con, folder / "new" / kind / f"{NEW_DAY}.jsonl", kind, f"late_{table}", NEW_DAY)
    write_seeds(folder / "seeds", NEW_DAY - timedelta(days=days), NEW_DAY)
    done.touch()
    return folder


def write_litellm(folder: Path, attempts: int) -> Path:
    """Write ``folder``/landing with one day's LiteLLM spend-log rows in one file."""
    file = folder / "landing" / "litellm" / "day.jsonl"
    if not file.exists():
        with _generator(folder) as con:
            _make(con, attempts, NEW_DAY - timedelta(days=1), 1, salt=1)
            file.parent.mkdir(parents=True, exist_ok=True)
            started_at = "strftime(known_at, '%Y-%m-%dT%H:%M:%S.%gZ') AS \"startTime\""
            con.execute(f"COPY ({_LITELLM.format(started_at=started_at)}) TO '{file}' (FORMAT json)")
    return folder


def shuffle(file: Path, target: Path) -> None:
    """The lines of a file in another order."""
    with duckdb.connect() as con:
        con.execute("SET memory_limit = '4GB'; SET threads = 2")
        con.execute(
            f"COPY (SELECT line FROM read_csv('{file}', columns = {{line: 'VARCHAR'}}, delim = '\\x01', quote = '',"
            f" escape = '', header = false, max_line_size = 10000000) ORDER BY hash(line)) TO '{target}'"
            " (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\\x01')"
        )


def _generator(folder: Path) -> duckdb.DuckDBPyConnection:
    folder.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    con.execute("SET threads = 2; SET memory_limit = '4GB'; SET TimeZone = 'UTC'")
    con.execute(f"SET temp_directory = '{folder}/spill'")
    return con


def _make(con: duckdb.DuckDBPyConnection, attempts: int, first_day: date, days: int, *, salt: int) -> None:
    settings = {"outcomes": round(attempts / _ATTEMPTS_AN_OUTCOME), "days": days, "salt": salt}
    con.execute("; ".join(f"SET VARIABLE {name} = {value}" for name, value in settings.items()))
    con.execute(f"SET VARIABLE first_day = '{first_day}'")
    con.execute(_SQL.read_text(encoding="utf-8"))
    for table, *_ in _KINDS.values():
        con.execute(f"CREATE OR REPLACE TABLE {table} AS FROM {table} ORDER BY known_at")


def _rows_of(table: str, day: date) -> str:
    return f"FROM {table} WHERE known_at >= DATE '{day}' AND known_at < DATE '{day + timedelta(days=1)}'"


def _write(con: duckdb.DuckDBPyConnection, file: Path, kind: str, table: str, day: date) -> None:
    _, times, left_out = _KINDS[kind]
    file.parent.mkdir(parents=True, exist_ok=True)
    columns = f"* EXCLUDE ({', '.join(('known_at', *left_out))}) REPLACE ({', '.join(map(_TIME.format, times))})"
    con.execute(f"COPY (SELECT {columns} {_rows_of(table, day)} ORDER BY known_at) TO '{file}' (FORMAT json)")
    # A file without a row is no delivery.
    if not file.stat().st_size:
        file.unlink()
