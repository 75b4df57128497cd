"""Files that are refused as a whole, and strange entries in landing. Catches half a file loaded, a hang, and a refusal
that says neither why nor where."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import resource
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from orchestration.ingest.landing import LandedFile, Landing
from orchestration.ingest.reasons import FileRefused
from orchestration.sources.loading import UnknownSource
from orchestration.sources.registry import family_of

from .conftest import Warehouse
from .samples import ATTEMPT, batch, jsonl, span

ROWS = jsonl(*({**ATTEMPT, "attempt_id": f"r-{n}"} for n in range(200)))
CSV = b"attempt_id,provider,model,started_at,status,input_tokens,output_tokens\n" + b"".join(
    b"c-%d,openai,gpt-4o,2026-06-30T10:00:00Z,success,1,1\n" % n for n in range(200)
)


def parquet(**columns: list) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, row_group_size=50)
    return sink.getvalue()


def good_parquet(rows: int = 200) -> bytes:
    return parquet(
        attempt_id=[f"p-{n}" for n in range(rows)],
        provider=["openai"] * rows,
        model=["gpt-4o"] * rows,
        started_at=["2026-06-30T10:00:00Z"] * rows,
        status=["success"] * rows,
        input_tokens=[1] * rows,
        output_tokens=[1] * rows,
    )


def zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(content)


GZIPPED = gzip.compress(ROWS)
REFUSED: dict[str, tuple[str, bytes, str, int]] = {
    "empty": ("a.jsonl", b"", "empty_file", 0),
    "empty inside gzip": ("a.jsonl.gz", gzip.compress(b""), "empty_file", 0),
    "gzip cut": ("a.gz", GZIPPED[: len(GZIPPED) * 7 // 10], "corrupt_gzip", 0),
    "gzip cut by one byte": ("a.gz", GZIPPED[:-1], "corrupt_gzip", 0),
    "gzip with a wrong checksum": ("a.gz", GZIPPED[:-8] + b"\0\0\0\0" + GZIPPED[-4:], "corrupt_gzip", 0),
    "gzip followed by junk": ("a.gz", GZIPPED + b"junk", "corrupt_gzip", 0),
    "zstd cut": ("a.zst", zstd(ROWS)[:-1], "corrupt_zstd", 0),
    "zstd cut inside a block": ("a.zst", zstd(ROWS)[:200], "corrupt_zstd", 0),
    "zstd followed by junk": ("a.zst", zstd(ROWS) + b"junk", "corrupt_zstd", 0),
    "zstd damaged": ("a.zst", zstd(ROWS)[:-1] + b"\0", "corrupt_zstd", 0),
    "gzip in gzip": ("a.jsonl.gz", gzip.compress(GZIPPED), "nested_compression", 0),
    "parquet cut": ("a.parquet", good_parquet()[:-9], "corrupt_parquet", 0),
    "parquet head only": ("a.parquet", b"PAR1", "corrupt_parquet", 0),
    "parquet without a needed column": ("a.parquet", parquet(attempt_id=["a", "b"]), "missing_column", 2),
    "utf-16": ("a.jsonl", ROWS.decode().encode("utf-16"), "bad_encoding", 0),
    "utf-16 csv": ("a.csv", CSV.decode().encode("utf-16"), "bad_encoding", 0),
    "csv without header": ("a.csv", CSV.partition(b"\n")[2], "missing_column", 199),
    "csv with semicolons": ("a.csv", CSV.replace(b",", b";"), "missing_column", 200),
    "csv without a needed column": ("a.csv", CSV.replace(b"provider", b"Provider"), "missing_column", 200),
    "csv with a column twice": ("a.csv", CSV.replace(b"status,", b"status,status,", 1), "duplicate_column", 200),
    "csv with an open quote": ("a.csv", CSV.replace(b"c-150", b'"c-150'), "malformed_csv", 151),
    "csv with quotes that join lines": ("a.csv", CSV.replace(b"c-9,", b'x"c-9,').replace(b"c-12,", b'x"c-12,'),
                                        "malformed_csv", 197),
    "text": ("a.jsonl", b"hello\nworld\n" * 10, "too_many_bad_rows", 20),
    "binary": ("a.bin", bytes(range(256)) * 50, "missing_column", 0),
    "too many bad rows": ("a.jsonl", ROWS.replace(b'"model": "gpt-4o"', b'"model": ""', 101), "too_many_bad_rows", 200),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_files(warehouse: Warehouse, case: str):
    """Catches a damaged file of which a part is loaded, and a refusal without ledger entry, note or counts."""
    name, content, reason, rows = REFUSED[case]
    landed = warehouse.land(f"inference/{name}", b"")
    landed.write_bytes(content)
    report = warehouse.ingest()
    assert report.refused == [(f"inference/{name}", reason)]
    assert warehouse.all("SELECT status, reason, loaded, duplicate, superseded FROM ledger.load_files") == [
        ("refused", reason, 0, 0, 0)
    ]
    if case != "binary":
        assert report.rows_in == report.quarantined == rows
    assert warehouse.all("SELECT count(*) FROM native.inference") == [(0,)]
    (note,) = warehouse.settings.quarantine_dir.iterdir()
    written = json.loads(note.read_text())
    assert (written["reason"], written["landing_path"], written["source"]) == (reason, f"inference/{name}", "inference")
    assert written["what_to_do"]
    assert landed.read_bytes() == content
    warehouse.assert_conserved()
    assert warehouse.ingest().files_skipped == 1


def test_a_few_bad_rows_do_not_refuse_a_file(warehouse: Warehouse):
    """Catches a small file refused for one bad row: a share says little about few rows."""
    warehouse.take("inference/a.jsonl", jsonl(*[{**ATTEMPT, "attempt_id": ""}] * 10))
    assert warehouse.counts() == (10, 0, 0, 0, 10)
    assert warehouse.all("SELECT status FROM ledger.load_files") == [("loaded",)]


def test_rows_of_a_refused_file_can_be_told_apart(warehouse: Warehouse):
    """Catches a refused file whose bad rows can no longer be found among the good ones."""
    warehouse.take("inference/a.jsonl", ROWS.replace(b'"model": "gpt-4o"', b'"model": ""', 101))
    assert warehouse.all("SELECT reason_code, count(*) FROM ledger.quarantined_rows GROUP BY 1 ORDER BY 1") == [
        ("file_refused", 99),
        ("missing_field", 101),
    ]


READ: dict[str, tuple[str, bytes, int]] = {
    "several gzip members": ("a.jsonl.gz", gzip.compress(ROWS) + gzip.compress(jsonl(ATTEMPT)), 201),
    "several zstd frames": ("a.jsonl.zst", zstd(ROWS) + zstd(jsonl(ATTEMPT)), 201),
    "plain text called gz": ("a.jsonl.gz", ROWS, 200),
    "gzip called json": ("a.json", GZIPPED, 200),
    "zstd called csv": ("a.csv", zstd(CSV), 200),
    "csv called jsonl": ("a.csv.old", CSV, 200),
    "json called csv": ("a.csv", ROWS, 200),
    "json without extension": ("a", ROWS, 200),
    "byte order mark": ("a.csv", b"\xef\xbb\xbf" + CSV, 200),
    "windows line ends": ("a.csv", CSV.replace(b"\n", b"\r\n"), 200),
    "extra csv column": ("a.csv", CSV.replace(b"tokens\n", b"tokens,team\n").replace(b",1,1\n", b",1,1,x\n"), 200),
    "header only": ("a.csv", CSV.partition(b"\n")[0] + b"\n", 0),
    "parquet": ("a.parquet", good_parquet(), 200),
    "parquet in gzip": ("a.parquet.gz", gzip.compress(good_parquet()), 200),
    "parquet without rows": ("a.parquet", good_parquet(0), 0),
}


@pytest.mark.parametrize("case", READ)
def test_files_are_read_by_their_content(warehouse: Warehouse, case: str):
    """Catches trust in a file's extension, and rows lost between the parts of a compressed file."""
    name, content, rows = READ[case]
    landed = warehouse.land(f"inference/{name}", b"")
    landed.write_bytes(content)
    report = warehouse.ingest()
    assert (report.refused, report.loaded, report.rows_in) == ([], rows, rows)
    warehouse.assert_conserved()


def test_extra_columns_are_rescued(warehouse: Warehouse):
    """Catches additive columns that break a load or get lost."""
    content = CSV.replace(b"tokens\n", b"tokens,team\n").replace(b",1,1\n", b",1,1,x\n")
    warehouse.take("inference/a.csv", content)
    assert warehouse.all("SELECT DISTINCT _rescued, attributes FROM native.inference") == [('{"team":"x"}',) * 2]


@pytest.mark.parametrize("make", [gzip.compress, zstd])
def test_bombs_are_refused(make_warehouse: Callable[..., Warehouse], make: Callable[[bytes], bytes]):
    """Catches a small file that fills disk or memory once unpacked."""
    content = make(jsonl({**ATTEMPT, "pad": "x" * 900_000}) * 4)
    warehouse = make_warehouse(max_compression_ratio=100)
    warehouse.land("inference/a.bin", b"").write_bytes(content)
    assert warehouse.ingest().refused == [("inference/a.bin", "compression_ratio")]
    small = make_warehouse("small", max_file_bytes=100_000)
    small.land("inference/a.bin", b"").write_bytes(content)
    assert small.ingest().refused == [("inference/a.bin", "too_large")]
    small.land("inference/plain.jsonl", ROWS * 4)
    assert ("inference/plain.jsonl", "too_large") in small.ingest().refused


def test_a_parquet_bomb_is_refused(make_warehouse: Callable[..., Warehouse]):
    """Catches a Parquet file that fills the memory once its pages are unpacked."""
    sink = io.BytesIO()
    table = pa.table({**{name: ["x" * 500] * 5_000 for name in ("provider", "model", "status", "started_at")},
                      **{name: [1] * 5_000 for name in ("attempt_id", "input_tokens", "output_tokens")}})  # fmt: skip
    pq.write_table(table, sink, compression="zstd", use_dictionary=False)
    warehouse = make_warehouse(max_compression_ratio=100)
    warehouse.take("inference/a.parquet", sink.getvalue())
    assert warehouse.all("SELECT reason, rows_in, quarantined FROM ledger.load_files") == [
        ("compression_ratio", 5_000, 5_000)
    ]


def test_one_huge_text_in_every_row_is_not_multiplied(warehouse: Warehouse):
    """Catches 20 GB of memory for a file of a megabyte: a dictionary repeats a text at no cost to the file."""
    rows = 20_000
    huge = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), [random.Random(1).randbytes(500_000).hex()])
    names = ("attempt_id", "provider", "model", "status", "started_at", "prompt", "unknown")
    table = pa.table({**dict.fromkeys(names, huge), "input_tokens": [1] * rows, "output_tokens": [1] * rows})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", dictionary_pagesize_limit=10_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = warehouse.take("inference/a.parquet", sink.getvalue())
    assert report.refused == [("inference/a.parquet", "too_many_bad_rows")]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000


def test_only_json_holds_spans(warehouse: Warehouse):
    """Catches a CSV in a folder whose format it cannot be."""
    assert warehouse.take("otel/a.csv", CSV).refused == [("otel/a.csv", "unsupported_format")]


def test_spans_may_be_one_document(warehouse: Warehouse):
    """Catches a pretty-printed export that is read line by line, and one that is cut."""
    document = json.dumps([batch(span()), {**span(), "spanId": "1" * 16}], indent=2).encode()
    warehouse.take("otel/a.json", document)
    assert warehouse.counts() == (2, 2, 0, 0, 0)
    assert warehouse.take("otel/b.json", document[:-20]).refused == [("otel/b.json", "malformed_json")]


def test_what_is_no_delivery_is_ignored_but_counted(warehouse: Warehouse):
    """Catches half-written and marker files that are loaded, or that vanish from the count."""
    for name in (".hidden.jsonl", "a.jsonl.tmp", "a.part", "Thumbs.db", "a.done", "sub/.b", "_SUCCESS"):
        warehouse.land(f"inference/{name}", ROWS)
    warehouse.land("inference/sub/deep/a.jsonl", ROWS)
    report = warehouse.ingest()
    assert (report.files_ignored, report.files_loaded, report.loaded) == (7, 1, 200)


def test_links_pipes_and_sockets_are_refused_without_waiting(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Catches a link that reads another file of the machine, and a pipe that nobody writes to."""
    secret = tmp_path / "secret.jsonl"
    secret.write_bytes(ROWS)
    folder = warehouse.land("inference/a.jsonl", ROWS).parent
    (folder / "link.jsonl").symlink_to(secret)
    (folder / "linked").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "folder.jsonl").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        # The path of a socket may not be longer than about a hundred characters.
        monkeypatch.chdir(folder)
        server.bind("socket.jsonl")
        finished: list[object] = []
        thread = threading.Thread(target=lambda: finished.append(warehouse.ingest()), daemon=True)
        thread.start()
        thread.join(20)
    assert finished, "ingest waits for something that never comes"
    report = finished[0]
    names = {f"inference/{name}" for name in ("link.jsonl", "linked", "pipe.jsonl", "socket.jsonl")}
    assert {name for name, reason in report.refused if reason == "not_a_regular_file"} == names
    assert report.files_loaded == 1


def test_a_link_put_in_place_after_listing_is_refused(tmp_path: Path):
    """Catches a check at listing time only: the entry may be swapped before it is opened."""
    (tmp_path / "target").write_bytes(ROWS)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "pipe")
    landing = Landing(str(tmp_path))
    for name in ("link", "pipe"):
        with pytest.raises(FileRefused, match="not_a_regular_file"):
            landing.open(LandedFile(str(tmp_path / name), name))


@pytest.mark.parametrize(
    "name", ["log[1].jsonl", "a*.jsonl", "use_case=evil/a.jsonl", "a\nb.jsonl", "b" * 249 + ".jsonl", "'; drop.jsonl",
             "naïve ünïcode.jsonl", "-rf.jsonl"]
)  # fmt: skip
def test_strange_names_are_only_names(warehouse: Warehouse, name: str):
    """Catches a file name taken for a pattern, a partition, a path or SQL."""
    warehouse.land("inference/log1.jsonl", jsonl({**ATTEMPT, "attempt_id": "other"}))
    warehouse.land(f"inference/{name}", jsonl(ATTEMPT))
    assert warehouse.ingest().files_loaded == 2
    assert warehouse.all("SELECT attempt_id, use_case FROM native.inference ORDER BY 1") == [
        ("a-1", "triage"),
        ("other", "triage"),
    ]


def test_a_name_that_is_not_text_is_escaped(warehouse: Warehouse):
    """Catches a crash on bytes that are no UTF-8 in a file name."""
    folder = warehouse.land("inference/a.jsonl", ROWS).parent
    (folder / os.fsdecode(b"\xff\xfe.jsonl")).write_bytes(jsonl({**ATTEMPT, "attempt_id": "x"}))
    assert warehouse.ingest().files_loaded == 2
    assert ("inference/\\xff\\xfe.jsonl",) in warehouse.all("SELECT first_name FROM ledger.load_files")


def test_a_file_that_changes_while_it_is_read_is_left_for_later(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch):
    """Catches half a file that is loaded because its sender was still writing."""
    landed = warehouse.land("inference/a.jsonl", ROWS)
    honest_open = Landing.open

    def growing(self: Landing, file: LandedFile):
        handle = honest_open(self, file)
        with landed.open("ab") as writer:
            writer.write(jsonl({**ATTEMPT, "attempt_id": "late"}))
        return handle

    monkeypatch.setattr(Landing, "open", growing)
    report = warehouse.ingest()
    assert (report.files_unstable, report.files_loaded, warehouse.counts()[0]) == (1, 0, 0)
    monkeypatch.undo()
    assert warehouse.ingest().loaded == 201


def test_a_file_that_vanishes_is_left_for_later(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch):
    """Catches a run that dies because one listed file is gone; its neighbours must load."""
    gone = warehouse.land("inference/a.jsonl", ROWS)
    warehouse.land("inference/b.jsonl", jsonl({**ATTEMPT, "attempt_id": "b"}))
    honest_list = Landing.list_source

    def listing_then_gone(self: Landing, source: str):
        listing = honest_list(self, source)
        gone.unlink()
        return listing

    monkeypatch.setattr(Landing, "list_source", listing_then_gone)
    report = warehouse.ingest()
    assert (report.files_unstable, report.loaded) == (1, 1)


def test_folders_choose_their_family():
    """Catches a landing folder that is read as something else, or a hostile folder name that is taken for one."""
    assert [family_of(name).name for name in ("inference", "inference-eu", "litellm-a.b")] == [
        "inference",
        "inference",
        "litellm",
    ]
    for name in ("inferences", "invoice", "Inference", "sla-'; drop table x;--", "sla-\n", "sla-" + "x" * 200, ""):
        assert family_of(name) is None


def test_an_unknown_source_is_an_error(warehouse: Warehouse):
    """Catches a misspelt source that silently loads nothing."""
    with pytest.raises(UnknownSource):
        warehouse.ingest("inferrence")
