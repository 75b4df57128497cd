"""B1, B1L, B5: loading landing files against a bare `read_json` of the same columns into a table."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from benchmarks.company import NEW_DAY, shuffle, write_company, write_litellm
from benchmarks.harness import Measured, Result, cpu, in_turns, peak, require_equal, run_function
from benchmarks.homes import TOMORROW, as_of, copy_of, home_of
from orchestration.settings import Settings
from orchestration.sources.loading import load_folder
from orchestration.warehouse.database import open_database

ROWS = 1_000_000
# Columns that the bare reader takes: those that the loader keeps.
_NATIVE = (
    "attempt_id VARCHAR, outcome_id VARCHAR, use_case VARCHAR, provider VARCHAR, model VARCHAR, service_tier VARCHAR,"
    " started_at TIMESTAMP, latency_ms BIGINT, status VARCHAR, input_tokens BIGINT, output_tokens BIGINT,"
    " cache_read_tokens BIGINT, prompt_hash VARCHAR, cost DECIMAL(38,12), repository VARCHAR"
)
_LITELLM = (
    "request_id VARCHAR, call_type VARCHAR, prompt_tokens BIGINT, completion_tokens BIGINT, startTime TIMESTAMP,"
    " endTime TIMESTAMP, model VARCHAR, model_group VARCHAR, custom_llm_provider VARCHAR, spend DECIMAL(38,12),"
    " cache_hit VARCHAR, model_id VARCHAR, status VARCHAR, session_id VARCHAR, request_tags VARCHAR, metadata VARCHAR"
)
# Source: columns of the bare reader, sums of both sides.
_SOURCES = {
    "inference": (_NATIVE, "native.inference", "sum(input_tokens)", "sum(output_tokens)", "sum(cost)"),
    "litellm": (_LITELLM, "litellm.calls", "sum(prompt_tokens)", "sum(completion_tokens)", "sum(spend)"),
}


def ingest(home: str, source: str) -> list[str]:
    """Load what has landed; returns files, rows, loaded and duplicate ones of this run, then the sums of the table."""
    settings = Settings(home=Path(home))
    settings.make_folders()
    with open_database(settings.raw_database, settings) as con:
        now = datetime.fromisoformat(as_of(TOMORROW)).astimezone(UTC)
        report = load_folder(con, source, run_id="benchmark", as_of=now, settings=settings, now=now)
        _, table, *sums = _SOURCES[source]
        totals = con.execute(f"SELECT count(*), {', '.join(sums)} FROM {table}").fetchone()
    return [str(value) for value in (report.rows_in, report.loaded, report.duplicate, *totals)]


def read(home: str, source: str) -> list[str]:
    """The bare reader; returns the sums of the table."""
    columns, _, *sums = _SOURCES[source]
    typed = ", ".join(f"{name}: '{of}'" for name, of in (column.split() for column in columns.split(", ")))
    files = Path(home) / "landing" / source / "*.jsonl"
    with TemporaryDirectory(dir=home) as folder, duckdb.connect(f"{folder}/floor.duckdb") as con:
        con.execute("SET threads = 2; SET memory_limit = '2GB'; SET TimeZone = 'UTC'")
        con.execute(
            f"CREATE TABLE landed AS FROM read_json('{files}', format = 'newline_delimited', columns = {{{typed}}})"
        )
        return [str(value) for value in con.execute(f"SELECT count(*), {', '.join(sums)} FROM landed").fetchone()]


def native(work: Path, repetitions: int, scale: float) -> list[Result]:
    company = write_company(work / "companies" / "day", round(ROWS * scale), 1)
    return [_against_bare("B1", "1 M native rows / bare `read_json`", company, work, "inference", repetitions)]


def litellm(work: Path, repetitions: int, scale: float) -> list[Result]:
    company = write_litellm(work / "companies" / "litellm", round(ROWS * scale))
    return [_against_bare("B1L", "1 M LiteLLM rows / the same", company, work, "litellm", repetitions)]


def _against_bare(name: str, measure: str, company: Path, work: Path, source: str, repetitions: int) -> Result:
    home = work / "homes" / name

    def load() -> Measured:
        return run_function(ingest, str(home_of(company, home)), source)

    runs = in_turns(repetitions, engine=load, floor=lambda: run_function(read, str(home), source))
    require_equal("sums", *(run.answer[3:] for run in runs["engine"]), *(run.answer for run in runs["floor"]))
    engine, floor = cpu(runs["engine"]), cpu(runs["floor"])
    return Result(name, measure, engine / floor, "x", {"engine": engine, "floor": floor},
                  peak(runs["engine"]))  # fmt: skip


def redelivery(work: Path, repetitions: int, scale: float) -> list[Result]:
    company = write_company(work / "companies" / "day", round(ROWS * scale), 1)
    first, again, landed = work / "homes" / "first", work / "homes" / "again", f"{NEW_DAY}-again.jsonl"
    file = next((company / "landing" / "inference").iterdir())
    shuffled = work / "companies" / "shuffled.jsonl"
    shuffle(file, shuffled)

    def deliver() -> Measured:
        return run_function(ingest, str(home_of(company, first)), "inference")

    def deliver_again(path: Path) -> Measured:
        copy_of(first, again)
        shutil.copyfile(path, again / "landing" / "inference" / landed)
        return run_function(ingest, str(again), "inference")

    runs = in_turns(
        repetitions, first=deliver, shuffled=lambda: deliver_again(shuffled), same_bytes=lambda: deliver_again(file)
    )
    require_equal("sums", *(run.answer[3:] for side in runs.values() for run in side))
    require_equal("new rows", "0", *(run.answer[1] for run in runs["shuffled"] + runs["same_bytes"]))
    parts = {name: cpu(side) for name, side in runs.items()}
    return [
        Result("B5", "1 M rows again, shuffled / first time", parts["shuffled"] / parts["first"], "x", parts,
               peak(runs["shuffled"])),
        Result("B5 same bytes", "1 M rows again under another name / first time", parts["same_bytes"] / parts["first"]),
    ]  # fmt: skip
