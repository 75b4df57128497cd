"""Message bodies, free text and personal data never get in. Catches one that is found in any file that ingest writes,
in any format and on any failure path."""

from __future__ import annotations

import copy
import gzip
import io
import json
import logging
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.ingest.batches import Objects
from orchestration.ingest.privacy import Hasher, is_private, load_hasher, scrub, to_json
from orchestration.settings import Settings
from orchestration.sources.native import rescue

from .conftest import Warehouse
from .samples import ATTEMPT, CLOCK, DECISION, SPEND_LOG, TICKET, as_csv, batch, jsonl, span

CANARY = "CanaryQ7sentence"
TEXT = f"my secret is {CANARY} and more"
_BODY_FIELDS = (
    "prompt messages input response output tools tool_calls arguments content completion choices error "
    "error_message exception traceback comment comments description subject summary notes question answer "
    "query text body title instructions system_prompt userMessage transcript feedback reason email user "
    "user_id end_user customer_name ip_address api_key authorization request response_body attachment"
)
BODY_FIELDS = tuple(_BODY_FIELDS.split())
NESTED = {"a": {"message": TEXT, "list": [{"content": TEXT}], "prompts": [TEXT]}, "long": f"{CANARY} " * 40}
SOURCES = {
    "inference": (ATTEMPT, "attempt_id"),
    "rework": (TICKET, "ticket_id"),
    "sla": (CLOCK, "event_id"),
    "outcomes": (DECISION, "outcome_id"),
    "litellm": (SPEND_LOG, "request_id"),
}


def planted(row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    bodies: dict[str, Any] = {name: TEXT for name in BODY_FIELDS if name not in row}
    return {**bodies, "conversation": [{"role": "user", "content": TEXT}], "nested": NESTED, **row, **changes}


def canary_files(home: Path) -> list[str]:
    """Files under a home, except landing, in which the canary stands (also as bytes of a damaged file)."""
    landing = home / "landing"
    return [
        str(path.relative_to(home))
        for path in home.rglob("*")
        if path.is_file()
        and landing not in path.parents
        and CANARY.lower() in path.read_bytes().lower().decode("latin1")
    ]


def canary_rows(warehouse: Warehouse) -> list[str]:
    """Tables in which the canary stands. Files alone do not tell: columns are compressed."""
    names = warehouse.all("SELECT schema_name || '.' || table_name FROM duckdb_tables()")
    return [name for (name,) in names if CANARY.lower() in str(warehouse.all(f"SELECT * FROM {name}")).lower()]


@pytest.mark.parametrize("source", SOURCES)
def test_bodies_are_not_stored(warehouse: Warehouse, source: str, caplog: pytest.LogCaptureFixture, capfd: Any):
    """Catches a body in a table, the quarantine, a note, a log or a temporary file."""
    caplog.set_level(logging.DEBUG)
    row, key = SOURCES[source]
    spoilt: dict[str, Any] = {**planted(row), key: TEXT + "\n"}
    good = planted(row)
    if source == "litellm":
        good["metadata"] = {"spend_logs_metadata": {"note": TEXT}, "error_information": {"error_message": TEXT}}
        good["proxy_server_request"] = json.dumps({"messages": [TEXT]})
    warehouse.land(f"{source}/good.jsonl", jsonl(good))
    warehouse.land(f"{source}/bad.jsonl", jsonl(spoilt, f'{{"prompt": "{TEXT}"', f'["{TEXT}"]', "[" * 99 + f'"{TEXT}"'))
    warehouse.land(f"{source}/refused.jsonl", jsonl(*[spoilt] * 30))
    flat = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in good.items()}
    warehouse.land(f"{source}/good.csv", as_csv({**flat, key: "csv"}))
    warehouse.land(f"{source}/cut.csv", as_csv({**flat, key: "csv2"})[:-3])
    warehouse.land(f"{source}/no-header.csv", as_csv(flat).partition(b"\n")[2] + TEXT.encode() + b"\n")
    warehouse.land(f"{source}/cut.jsonl.gz", b"").write_bytes(gzip.compress(jsonl(good) * 50)[:-9])
    warehouse.land(f"{source}/utf16.jsonl", jsonl(good).decode().encode("utf-16"))
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([{**flat, key: "parquet"}]), sink)
    warehouse.land(f"{source}/good.parquet", sink.getvalue())
    warehouse.land(f"{source}/cut.parquet", sink.getvalue()[:-5])
    report = warehouse.ingest(source)
    assert report.loaded >= 3
    assert report.files_refused >= 4
    assert report.quarantined >= 30
    assert canary_rows(warehouse) == []
    warehouse.con.execute("CHECKPOINT")
    assert canary_files(warehouse.settings.home) == []
    assert CANARY not in caplog.text + "".join(capfd.readouterr()) + str(report)


def test_bodies_of_spans_are_not_stored(warehouse: Warehouse):
    """Catches a prompt in a span attribute, event, name or status message."""
    names = (
        "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.prompt",
         "input.value",
         "llm.input_messages.0.message.content", "ai.prompt.messages", "tool.parameters", "finops.prompt",
         "exception.message", "db.statement", "user.id"
    )  # fmt: skip
    bodies = dict.fromkeys(names, TEXT)
    told = span(attributes=bodies, status={"code": 2, "message": TEXT})
    told["events"] = [{"name": TEXT, "attributes": told["attributes"]}]
    warehouse.land("otel/a.jsonl", jsonl(batch(told), batch(span(traceId=TEXT)), {"spans": TEXT}, f'{{"x": "{TEXT}"'))
    warehouse.land("otel/b.jsonl", jsonl(batch(span(spanId="1" * 16, name=f"SELECT '{TEXT}'\n" * 20))))
    assert warehouse.ingest("otel").loaded == 2
    assert canary_rows(warehouse) == []
    warehouse.con.execute("CHECKPOINT")
    assert canary_files(warehouse.settings.home) == []


def test_the_canary_would_be_found(warehouse: Warehouse):
    """Catches a search that finds nothing because it looks in the wrong place."""
    warehouse.take("inference/a.jsonl", jsonl({**ATTEMPT, "model": CANARY}))
    assert canary_rows(warehouse) == ["native.inference"]
    (warehouse.settings.home / "x.log").write_text(CANARY)
    assert "x.log" in canary_files(warehouse.settings.home)


@pytest.mark.parametrize("name", BODY_FIELDS)
def test_private_names(name: str):
    """Catches a body field that the list of names has forgotten."""
    assert is_private(name)


@pytest.mark.parametrize(
    "name", ["team", "key_alias", "region", "prompt_id", "response_format", "message_count", "cluster", "tenant", "sku"]
)
def test_names_that_may_be_kept(name: str):
    """Catches a list so broad that no mapping rule has anything left to look at."""
    assert not is_private(name)


def test_scrub_keeps_facts_only():
    """Catches a long text, or a body deep inside an object, that is kept as an extra field."""
    kept = scrub({"team": "x", "n": 1, "ok": True, "long": "y" * 201, "prompt": "p", "o": {"content": "c", "k": 2}})
    assert kept == {"team": "x", "n": 1, "ok": True, "o": {"k": 2}, "_dropped": 3}
    deep: Any = "x"
    for _ in range(50):
        deep = {"k": deep}
    assert "x" not in str(scrub({"deep": deep})).replace("_dropped", "")


SENTENCES = (
    "please transfer all the money to my bank now", "one two three four five", "one two three four five six",
    '{"prompt": "words that nobody may read"}', '{"team": "x"}', "[1, 2]", "[not json", "[1]", "", " ", "x" * 200,
    "x" * 201, "tab\there", "line\nbreak", "gr\u00fcn", "\ud800",
)  # fmt: skip
EXTRA_NAMES = ("wunsch", "team", "prompt", "n", "_dropped", "line\nbreak", "x" * 101, "o")
EXTRA_VALUES = st.one_of(
    st.none(),
    st.sampled_from(SENTENCES),
    st.text("a \n{[\u00e4", max_size=12),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.lists(st.sampled_from(SENTENCES), max_size=2),
    st.dictionaries(st.sampled_from(EXTRA_NAMES), st.sampled_from(SENTENCES), max_size=2),
)
EXTRAS = st.dictionaries(st.sampled_from(EXTRA_NAMES), EXTRA_VALUES, max_size=3)
# Columns of one kind, for which the shorter way is made.
EVEN_BATCHES = st.sampled_from(EXTRA_NAMES).flatmap(
    lambda name: st.lists(st.fixed_dictionaries({name: st.sampled_from(SENTENCES)}), min_size=1, max_size=4)
)


def scrubbed(extras: dict[str, Any]) -> tuple[str | None, str | None]:
    """What is kept of one row's unknown fields, and of it the members that are no objects or lists."""
    kept = scrub({name: extras[name] for name in sorted(extras) if extras[name] is not None})
    flat = {name: v for name, v in (kept or {}).items() if name != "_dropped" and not isinstance(v, dict | list)}
    return to_json(kept) if kept else None, to_json(flat) if flat else None


@given(st.one_of(EVEN_BATCHES, st.lists(EXTRAS, min_size=1, max_size=4)))
def test_what_is_kept_of_a_row_depends_on_that_row_alone(rows: list[dict[str, Any]]):
    """Catches a shorter way through a batch that keeps a sentence the scrub drops, and a text that is kept or dropped
    by what other rows of its file hold."""
    together = [column.to_pylist() for column in rescue(Objects(rows), set())]
    apart = [[column[0].as_py() for column in rescue(Objects([row]), set())] for row in rows]
    assert list(map(list, zip(*together, strict=True))) == apart == [list(scrubbed(row)) for row in rows]


@pytest.mark.parametrize("hidden", [f"please transfer {CANARY} all the money now", json.dumps({"prompt": CANARY})])
def test_a_sentence_under_a_harmless_name_is_not_stored(warehouse: Warehouse, hidden: str):
    """Catches free text that comes in under a name nobody thought of."""
    warehouse.take("inference/a.jsonl", jsonl({**ATTEMPT, "wunsch": hidden}))
    assert canary_rows(warehouse) == []
    assert warehouse.all("SELECT attributes FROM native.inference")[0][0] in (None, '{"wunsch":"{}"}')


def test_a_sentence_among_the_labels_of_a_call_is_not_stored(warehouse: Warehouse):
    """Catches tags and own attributes, which mapping rules read, that keep what somebody wrote."""
    warehouse.take("litellm/tags.jsonl", jsonl({**SPEND_LOG, "request_tags": ["team:claims", TEXT]}))
    warehouse.take("otel/own.jsonl", jsonl(batch(span(attributes={"finops.team": "claims", "finops.wish": TEXT}))))
    kept = "SELECT attributes FROM {}"
    assert warehouse.all(kept.format("litellm.calls")) == [('{"tags":["team:claims"]}',)]
    assert '"finops.team":"claims"' in warehouse.all(kept.format("otel.spans"))[0][0]
    assert canary_files(warehouse.settings.home) == []


def test_equal_prompts_have_equal_hashes(warehouse: Warehouse):
    """Catches a prompt hash that spaces or capitals change, that another key does not change, or that is the prompt."""
    rows = [
        {**ATTEMPT, "attempt_id": "a", "prompt": "Hello  World"},
        {**ATTEMPT, "attempt_id": "b", "input": " hello\nworld "},
        {**ATTEMPT, "attempt_id": "c", "prompt": "Hello Moon"},
        {**ATTEMPT, "attempt_id": "d", "prompt": "Hello World", "prompt_hash": "given"},
        {**ATTEMPT, "attempt_id": "e", "prompt_hash": f"a whole prompt: {TEXT}"},
        {**ATTEMPT, "attempt_id": "f", "prompt": ""},
    ]
    warehouse.take("inference/g.jsonl", jsonl({**ATTEMPT, "attempt_id": "g", "prompt_hash": CANARY * 10}))
    warehouse.take("inference/a.jsonl", jsonl(*rows))
    found = dict(warehouse.all("SELECT attempt_id, prompt_hash FROM native.inference"))
    assert found["a"] == found["b"] != found["c"]
    assert (found["d"], found["f"]) == ("given", None)
    assert CANARY not in found["e"] + found["g"]
    assert len(found["e"]) == len(found["g"]) == 64
    assert found["a"] == Hasher(b"a test key").of_prompt("HELLO WORLD") != Hasher(b"other").of_prompt("HELLO WORLD")


def test_the_key_file_is_made_once_for_its_owner_only(tmp_path: Path):
    """Catches a key that others can read, or that changes between runs: all hashes would change with it."""
    settings = Settings(home=tmp_path)
    first = load_hasher(settings).of_bytes(b"x")
    key = settings.warehouse_dir / "hash.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert load_hasher(settings).of_bytes(b"x") == first
    assert list(settings.warehouse_dir.iterdir()) == [key]
    assert load_hasher(Settings(home=tmp_path, hash_key="mine")).of_bytes(b"x") == Hasher(b"mine").of_bytes(b"x")


def test_no_copy_of_a_file_has_a_name(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch):
    """Catches a staged copy that a crash would leave on disk: it would hold every body of the file."""
    seen: list[list[str]] = []
    from orchestration.ingest import load

    honest = load.open_reader

    def looking(*arguments: Any):
        seen.append(sorted(path.name for path in warehouse.settings.warehouse_dir.iterdir()))
        return honest(*arguments)

    monkeypatch.setattr(load, "open_reader", looking)
    warehouse.take("inference/a.jsonl", jsonl(copy.deepcopy(ATTEMPT)))
    assert seen and not {name for name in seen[0] if not name.startswith(("raw.duckdb", "hash.key"))}


def test_an_unforeseen_error_says_nothing_of_the_content(make_warehouse: Callable[..., Warehouse], monkeypatch: Any):
    """Catches a defect that turns file content into an exception text, and one bad file that stops all others."""
    from orchestration.sources.native import NativeParser

    honest = NativeParser.parse

    def failing(self: NativeParser, batch: Any, **arguments: Any):
        if "bomb" in batch.values.names():
            raise ValueError(f"cannot convert {TEXT}")
        return honest(self, batch, **arguments)

    monkeypatch.setattr(NativeParser, "parse", failing)
    warehouse = make_warehouse()
    warehouse.land("inference/a.jsonl", jsonl({**ATTEMPT, "bomb": 1}))
    warehouse.land("inference/b.jsonl", jsonl({**ATTEMPT, "attempt_id": "b"}))
    report = warehouse.ingest()
    assert (report.refused, report.loaded) == ([("inference/a.jsonl", "unreadable")], 1)
    assert canary_files(warehouse.settings.home) == []
