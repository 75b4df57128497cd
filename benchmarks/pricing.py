"""CPU of pricing attempts: the engine as it is against the simple one it grew from.

    python -m benchmarks.pricing [--attempts 5000000] [--runs 5]

Both engines build the `attempts` table of the same generated attempts in the same database, in turns, so that whatever
else the machine does falls on both. CPU is user plus system time of this process, all threads.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import duckdb

from orchestration.dbt_child import PARENT_VARIABLE
from orchestration.ingest.ledger import ensure_tables
from orchestration.settings import PROJECT_DIR

SIMPLE = Path(__file__).parent / "simple_engine"
LIMIT = 1.3
# Joined by both engines, and empty: finding requests and use cases is no part of pricing.
EMPTY = ("int_attempt_requests", "int_mapped_use_cases", "int_outcome_use_cases", "int_capacity_attempts")

# What the simple engine can read of the price book.
KNOWN_PRICES = """
create view simple.model_prices as
select * from staging.stg_reference__model_prices
where price_window = '' and token_kind not in ('web_search', 'file_search', 'code_interpreter', 'cache_storage')
"""
# One card in five is asked for under an alias; a tenth of the calls are long, a fifth come from a named region.
ATTEMPTS = """
create or replace table intermediate.int_attempts as
with names as (
    select provider, model as name, 0 as is_alias from simple.int_priced_models
    where provider in ('openai', 'anthropic', 'google', 'aws', 'mistral', 'x-ai')
    union all
    select provider, alias, 1 from staging.stg_reference__model_aliases
    where provider in ('openai', 'anthropic', 'google', 'aws')
),
numbered as (select *, row_number() over (order by provider, name) - 1 as number from names),
calls as (
    select
        range as i, hash(range) as h, hash(range + 1000000007) as g,
        cast(hash(range + 7) % (select count(*) from names) as bigint) as name_number
    from range({attempts})
)
select
    cast(timestamp '2026-07-01' + to_seconds(i % 7776000) as date) as day,
    'inference' as source,
    'attempt-' || i as attempt_id,
    cast(null as varchar) as logged_request_id, cast(null as varchar) as retry_of, cast(null as varchar) as retry_group,
    case when i % 3 > 0 then 'outcome-' || (i // 3) end as outcome_id,
    'use case ' || (h % 12) as logged_use_case,
    cast(null as varchar) as logged_task_class,
    numbered.provider as logged_provider, numbered.name as logged_model,
    case h % 20 when 0 then 'batch' when 1 then 'flex' when 2 then 'priority' else 'standard' end as service_tier,
    case when h % 5 = 0 then 'eu-west-1' else '' end as region,
    cast(null as varchar) as deployment,
    (timestamp '2026-07-01' + to_seconds(i % 7776000)) at time zone 'UTC' as started_at,
    (timestamp '2026-07-01' + to_seconds(i % 7776000 + 3)) at time zone 'UTC' as ended_at,
    case when h % 50 = 0 then 'error' else 'success' end as status,
    cast(case when g % 10 = 0 then 150000 + h % 200000 else h % 9000 end as bigint) as input_tokens,
    cast(case when g % 3 = 0 then h % 60000 else 0 end as bigint) as cache_read_tokens,
    cast(case when g % 7 = 0 then h % 8000 else 0 end as bigint) as cache_write_tokens,
    cast(case when g % 31 = 0 then h % 8000 else 0 end as bigint) as cache_write_1h_tokens,
    cast(g % 2500 as bigint) as output_tokens,
    cast(case when g % 4 = 0 then g % 2500 // 2 else 0 end as bigint) as reasoning_tokens,
    cast(0 as bigint) as audio_input_tokens, cast(0 as bigint) as audio_output_tokens,
    cast(case when g % 41 = 0 then h % 900 else 0 end as bigint) as image_input_tokens,
    cast(0 as bigint) as web_search_calls, cast(0 as bigint) as file_search_calls,
    cast(0 as bigint) as code_interpreter_calls, cast(0 as bigint) as cache_storage_token_hours,
    cast(null as varchar) as guardrail_units,
    true as usage_reported, false as usage_disagrees, h % 97 = 0 as cache_hit, cast(null as varchar) as prompt_hash,
    cast(null as boolean) as input_valid, false as can_wait, cast(null as varchar) as experiment,
    cast(null as varchar) as release_id,
    case when h % 11 = 0 then cast(0.01 as decimal(38, 12)) end as logged_cost,
    cast(null as varchar) as logged_currency,
    cast(0 as bigint) as hidden_retries, cast(null as varchar) as attributes,
    'file' as file_sha256, i as file_row_no
from calls
inner join numbered on calls.name_number = numbered.number
"""


def main() -> int:
    """Run the benchmark, print a line of JSON and return 0 when the ratio is within the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="finops-benchmark-") as folder:
        result = run(Path(folder), arguments.attempts, arguments.runs)
    print(json.dumps(result))
    return 0 if result["cpu_ratio"] <= LIMIT else 1


def run(home: Path, attempts: int, runs: int) -> dict[str, object]:
    """Build both engines' inputs below ``home`` and measure.

    Raises:
        AssertionError: the two engines do not price alike where both apply.
    """
    warehouse = home / "warehouse"
    warehouse.mkdir(parents=True)
    with duckdb.connect(str(warehouse / "raw.duckdb")) as con:
        ensure_tables(con)
        con.execute("delete from control.run")
        con.execute(
            "insert into control.run (run_id, as_of, mode) values ('benchmark', '2026-12-01 00:00:00Z', 'full')"
        )
    _dbt(home, "seed")
    _dbt(home, "run", "--select", "+attempts")
    # Compiled apart, as if nothing were built yet: the SQL of a full build.
    _dbt(home, "compile", "--select", "attempts", "--full-refresh")
    compiled = home / "target" / "compiled" / "inference_finops" / "models" / "marts" / "core" / "attempts.sql"
    engines = {"engine": compiled.read_text(encoding="utf-8"), "simple": _sql("attempts")}

    with duckdb.connect(str(warehouse / "build.duckdb"), config={"threads": 2, "memory_limit": "8GB"}) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("create schema simple")
        con.execute(KNOWN_PRICES)
        for name in ("int_rates", "int_rate_cards", "int_priced_models"):
            con.execute(f"create table simple.{name} as {_sql(name)}")
        con.execute("drop view intermediate.int_attempts")
        con.execute(ATTEMPTS.format(attempts=attempts))
        for name in EMPTY:
            con.execute(f"truncate intermediate.{name}")
        con.execute("create schema measured")
        cpu: dict[str, list[float]] = {name: [] for name in engines}
        wall: dict[str, list[float]] = {name: [] for name in engines}
        for turn in range(runs + 1):
            for name, sql in engines.items():
                con.execute(f"drop table if exists measured.{name}")
                con.execute("checkpoint")
                cpu_before, wall_before = _cpu(), time.perf_counter()
                con.execute(f"create table measured.{name} as {sql}")
                if turn:  # the first turn warms the caches
                    cpu[name].append(_cpu() - cpu_before)
                    wall[name].append(time.perf_counter() - wall_before)
        _check_totals(con, attempts)
    ratios = [new / old for new, old in zip(cpu["engine"], cpu["simple"], strict=True)]
    return {
        "attempts": attempts,
        "runs": runs,
        "cpu_seconds": {name: round(median(values), 2) for name, values in cpu.items()},
        "wall_seconds": {name: round(median(values), 2) for name, values in wall.items()},
        "cpu_ratio": round(median(cpu["engine"]) / median(cpu["simple"]), 3),
        "cpu_ratio_of_each_turn": [round(ratio, 3) for ratio in ratios],
    }


def _check_totals(con: duckdb.DuckDBPyConnection, attempts: int) -> None:
    """Equal to the last digit, call by call, where the simple engine has a price for the hour."""
    compared, different = con.execute(
        """
        select count(*), count(*) filter (where engine.cost is distinct from simple.cost)
        from measured.engine as engine
        inner join measured.simple as simple on engine.attempt_id = simple.attempt_id
        """
    ).fetchone()
    assert (compared, different) == (attempts, 0), f"{different} of {compared} attempts priced differently"
    totals = [
        con.execute(f"select sum(cost), count(cost) from measured.{name}").fetchone() for name in ("engine", "simple")
    ]
    assert totals[0] == totals[1], totals


def _sql(name: str) -> str:
    return (SIMPLE / f"{name}.sql").read_text(encoding="utf-8")


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _dbt(home: Path, *arguments: str) -> None:
    environment = {
        **os.environ,
        "FINOPS_HOME": str(home),
        "DBT_TARGET_PATH": str(home / "target"),
        "DBT_LOG_PATH": str(home / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        PARENT_VARIABLE: str(os.getpid()),
    }
    environment.pop("FINOPS_SEEDS_EFFECTIVE", None)
    command = [sys.executable, "-m", "orchestration.dbt_child", "--quiet", *arguments]
    command += ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
    done = subprocess.run(command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


if __name__ == "__main__":
    sys.exit(main())
