"""Jira's CSV export. Catches times read in another zone or format than they were written in, work that is lost or
counted again, values of repeated columns that are dropped, and customers' words that get in."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ingest.conftest import Warehouse
from ingest.samples import jsonl

from orchestration.ingest.reasons import FILE_REASONS, ROW_REASONS, Bad
from orchestration.settings import PROJECT_DIR
from orchestration.sources.desks.export_times import ExportTimes
from orchestration.sources.registry import SOURCES
from orchestration.sources.sources_yml import PlacesError, load_places

from .builders import CANARY, TEXT, jira_issue

EXPORT = (PROJECT_DIR / "tests" / "fixtures" / "desks" / "jira_export.csv").read_bytes()
BERLIN = 'jira: {csv: {jira: {time_format: "dd/MMM/yy h:mm a", time_zone: Europe/Berlin}}}'
CONTENT = "SELECT * EXCLUDE (_file_sha256, _line_no, _row_no, _load_id) FROM jira.records ORDER BY _row_hash"


def declare(warehouse: Warehouse, text: str = BERLIN) -> None:
    (warehouse.settings.home / "sources.yml").write_text(text)


def issue(**changes: str) -> dict[str, str]:
    """The least columns that an issue of an export needs."""
    return {
        "Issue key": "AI-1",
        "Issue id": "1",
        "Status": "Done",
        "Created": "01/Jul/26 9:00 AM",
        "Updated": "02/Jul/26 9:00 AM",
        **changes,
    }


def exported(header: list[str], *rows: list[str], line_end: str = "\n") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end).writerows([header, *rows])
    return text.getvalue().encode()


def export_of(*issues: dict[str, str]) -> bytes:
    return exported(list(issues[0]), *(list(row.values()) for row in issues))


def load(warehouse: Warehouse, columns: str, **changes: str) -> Any:
    """Columns of the one issue of an export."""
    warehouse.take("jira/a.csv", export_of(issue(**changes)))
    assert warehouse.reasons() == []
    (row,) = warehouse.all(f"SELECT {columns} FROM jira.records")
    return row


def test_an_export_has_the_fixtures_totals(warehouse: Warehouse):
    """Catches subtasks' time counted twice (5400 s are the issue's own), worklogs lost or cut at their semicolons
    (600 + 1500 s), an unlinked issue that costs, and a count of reopenings made up where there is no history."""
    declare(warehouse)
    warehouse.take("jira/export.csv", EXPORT)
    assert warehouse.counts() == (3, 3, 0, 0, 0)
    columns = (
        "ticket_id, ticket_key, outcome_ids, use_case, is_rework, severity, kind, status, handling_minutes,"
        " opened_at::VARCHAR, updated_at::VARCHAR, closed_at::VARCHAR, reopens, worklogs, sla_cycles"
    )
    assert warehouse.all(f"SELECT {columns} FROM jira.records ORDER BY ticket_id") == [
        ("10042", "AI-42", '["o-1"]', "triage", True, "major", "correction", "closed", Decimal(90),
         "2026-07-01 07:00:00+00", "2026-07-02 10:00:00+00", "2026-07-02 10:00:00+00", None, None, None),
        ("10043", "AI-43", '["o-2"]', None, True, "minor", "full_review", "open", Decimal(35),
         "2026-07-01 20:00:00+00", "2026-07-01 22:05:00+00", None, None, None, None),
        ("10044", "AI-44", None, None, False, "minor", "correction", "open", None,
         "2026-07-02 06:00:00+00", "2026-07-02 06:00:00+00", None, None, None, None),
    ]  # fmt: skip
    assert warehouse.all("SELECT sum(handling_minutes) FROM jira.records") == [(Decimal(125),)]


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ("['custom_field:Outcome']", ['["o-9"]', None, None]),
        ("['custom_field:Outcome', 'tag:outcome']", ['["o-9"]', '["o-2"]', None]),
        ("['custom_field:Category']", ['["Policy"]', '["Policy","Claims"]', None]),
        ("[project.key]", ['["AI"]', '["AI"]', '["AI"]']),
        ("[issuetype]", ['["Bug"]', '["Bug"]', '["Task"]']),
        ("['Issue Type']", ['["Bug"]', '["Bug"]', '["Task"]']),
        ("['match:summary:(claim n\\w+)']", [None, '["claim number"]', None]),
        ("['match:labels:^(enter)prise$']", ['["enter"]', None, None]),
        ("[customfield_10050]", [None, None, None]),
    ],
)
def test_where_an_outcome_is_found(warehouse: Warehouse, places: str, found: list[str | None]):
    """Catches a custom field that cannot be named as the export names it, all values of a repeated column but the first
    or last lost, and places of the REST API that find nothing in its export."""
    declare(warehouse, f"{BERLIN[:-1]}, fields: {{outcome_ids: {places}}}}}")
    warehouse.take("jira/export.csv", EXPORT)
    assert [row for (row,) in warehouse.all("SELECT outcome_ids FROM jira.records ORDER BY ticket_id")] == found


def test_customers_words_get_nowhere(
    warehouse: Warehouse, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    """Catches a summary, description, comment, worklog or name in a table, the quarantine, a note or a log; also of
    rows and files that are refused."""
    declare(warehouse)
    warehouse.land("jira/export.csv", EXPORT)
    bad = [
        issue(**{"Created": TEXT, "Summary": TEXT}),
        issue(**{"Log Work": TEXT}),
        issue(**{"Issue id": TEXT * 40}),
        issue(Status=TEXT * 40),
    ]
    for number, row in enumerate(bad):
        warehouse.land(f"jira/bad-{number}.csv", export_of(row))
    warehouse.land("jira/refused.csv", export_of(*[bad[0]] * 30))
    warehouse.land("jira/cut.csv", EXPORT[:-200])
    warehouse.land("jira/ragged.csv", EXPORT + f"{TEXT},{TEXT}\n".encode())
    report = warehouse.ingest("jira")
    warehouse.assert_conserved()
    assert (report.files_refused, report.quarantined) == (1, 30 + 4 + 1 + 1)
    for table in ("jira.records", "ledger.quarantined_rows", "ledger.load_files"):
        assert not warehouse.all(f"SELECT 1 FROM {table} AS r WHERE contains(r::VARCHAR, ?)", CANARY)
    warehouse.con.execute("CHECKPOINT")
    kept = [p for p in warehouse.settings.home.rglob("*") if p.is_file() and "landing" not in p.parts]
    assert [p.name for p in kept if CANARY.encode() in p.read_bytes()] == []
    assert CANARY not in caplog.text + "".join(capfd.readouterr()) + str(report)


@pytest.mark.parametrize(
    ("declared", "changes", "reason", "column"),
    [
        ("", {}, "undeclared_times", "Created"),
        (BERLIN.replace("{jira:", "{jira-eu:"), {}, "undeclared_times", "Created"),
        (BERLIN, {"Created": "2026-07-01 09:00"}, "other_time_format", "Created"),
        (BERLIN, {"Updated": "07/02/26 9:00 AM"}, "other_time_format", "Updated"),
        (BERLIN, {"Resolved": "yesterday"}, "other_time_format", "Resolved"),
        (BERLIN, {"Created": "01/Mai/26 9:00 AM"}, "other_time_format", "Created"),
        (BERLIN, {"Created": "31/Jun/26 9:00 AM"}, "other_time_format", "Created"),
        (BERLIN, {"Created": "01/Jul/26 13:00 PM"}, "other_time_format", "Created"),
        (BERLIN, {"Created": "1782910800"}, "other_time_format", "Created"),
        (BERLIN, {"Created": "25/Oct/25 2:30 AM", "Updated": "26/Oct/25 2:30 AM"}, "ambiguous_time", "Updated"),
        (BERLIN, {"Created": "29/Mar/26 2:30 AM"}, "ambiguous_time", "Created"),
        (BERLIN, {"Updated": "02/Jul/27 9:00 AM"}, "future_time", "Updated"),
        (BERLIN, {"Updated": "2027-07-02T09:00:00+02:00"}, "future_time", "Updated"),
        (BERLIN, {"Created": ""}, "missing_field", "Created"),
        (BERLIN, {"Created": "03/Jul/26 9:00 AM", "Updated": "03/Jul/26 9:00 AM", "Resolved": "02/Jul/26 9:00 AM"},
         "bad_time", "closed_at"),
    ],
)  # fmt: skip
def test_times_that_cannot_be_read_are_refused(
    warehouse: Warehouse, declared: str, changes: dict[str, str], reason: str, column: str
):
    """Catches a time that is guessed: another format, zone, month or half of the day than was declared, or none
    declared. The row is refused with file, line and column, and what to do about it."""
    declare(warehouse, declared)
    first = issue(**{"Issue id": "0", "Summary": "two\nlines", "Created": "2026-07-01T09:00:00+02:00",
                     "Updated": "2026-07-01T09:00:00Z", "Resolved": ""})  # fmt: skip
    row = {**first, "Issue id": "1", "Created": "01/Jul/26 9:00 AM", "Updated": "02/Jul/26 9:00 AM", **changes}
    warehouse.take("jira/2026/a.csv", export_of(first, row))
    query = "SELECT file_name, line_no, row_no, reason_code, field FROM ledger.quarantined_rows"
    assert warehouse.all(query) == [("jira/2026/a.csv", 4, 2, reason, column)]
    assert reason in ROW_REASONS
    # A time that brings its own offset needs no declaration.
    query = "SELECT record_id, opened_at::VARCHAR FROM jira.records"
    assert warehouse.all(query) == [("0", "2026-07-01 07:00:00+00")]


FORMATS = [
    ("dd/MMM/yy h:mm a", "Europe/Berlin", "01/Jul/26 12:05 AM", "2026-06-30 22:05:00"),
    ("dd/MMM/yy h:mm a", "Europe/Berlin", "1/jul/26 12:05 pm", "2026-07-01 10:05:00"),
    ("dd/MMM/yy h:mm a", "UTC", "01/Sept/25 3:04\u202fAM", "2025-09-01 03:04:00"),
    ("yyyy-MM-dd HH:mm", "America/New_York", "2026-01-02 23:04", "2026-01-03 04:04:00"),
    ("yyyy-MM-dd HH:mm", "America/New_York", "2026-07-01 23:04", "2026-07-02 03:04:00"),
    ("MM/dd/yyyy HH:mm:ss", "UTC", "07/01/2026 03:04:05", "2026-07-01 03:04:05"),
    ("dd/MM/yyyy HH:mm:ss", "UTC", "07/01/2026 03:04:05", "2026-01-07 03:04:05"),
    ("dd.MM.yy HH:mm", "Asia/Kathmandu", "01.07.26 05:45", "2026-07-01 00:00:00"),
    ("d MMMM yyyy 'at' H:mm", "UTC", "1 July 2026 at 3:04", "2026-07-01 03:04:00"),
]


@pytest.mark.parametrize(("time_format", "time_zone", "text", "moment"), FORMATS)
def test_times_are_read_as_declared(time_format: str, time_zone: str, text: str, moment: str):
    """Catches day and month exchanged, midnight read as noon, and an offset of winter in summer."""
    found = ExportTimes(time_format=time_format, time_zone=time_zone).moment(text)
    assert not isinstance(found, Bad)
    assert f"{found:%Y-%m-%d %H:%M:%S%z}" == f"{moment}+0000"


@pytest.mark.parametrize(
    ("csv_times", "complaint"),
    [
        ("{jira: {time_format: dd/MM/yy, time_zone: UTC}}", "does not tell day and time"),
        ('{jira: {time_format: "dd/MM/yy h:mm", time_zone: UTC}}', "does not tell day and time"),
        ('{jira: {time_format: "dd/MM/yy H:mm Z", time_zone: UTC}}', "'Z' is none of"),
        ('{jira: {time_format: "dd/MM/yy H:mm d", time_zone: UTC}}', "twice"),
        ('{jira: {time_format: "dd/MM/yy H:mm", time_zone: Berlin}}', "no time zone"),
        ('{jira: {time_format: "dd/MM/yy H:mm"}}', "time_zone"),
        ('{zendesk: {time_format: "dd/MM/yy H:mm", time_zone: UTC}}', "no landing folder of Jira"),
    ],
)
def test_a_declaration_that_means_nothing_is_refused(warehouse: Warehouse, csv_times: str, complaint: str):
    """Catches a misspelt declaration that is only noticed when rows are refused, or never."""
    declare(warehouse, f"jira: {{csv: {csv_times}}}")
    with pytest.raises(PlacesError, match=complaint):
        load_places(warehouse.settings)


def test_every_site_has_its_own_settings(warehouse: Warehouse):
    """Catches two sites that are read by the settings of one."""
    declare(
        warehouse,
        'jira: {csv: {jira: {time_format: "dd/MM/yy H:mm", time_zone: UTC},'
        ' jira-us: {time_format: "MM/dd/yy H:mm", time_zone: America/New_York}}}',
    )
    row = issue(Created="01/02/26 3:00", Updated="02/02/26 3:00")
    for source in ("jira", "jira-us"):
        warehouse.take(f"{source}/a.csv", export_of({**row, "Issue id": source}))
    query = "SELECT _source, opened_at::VARCHAR FROM jira.records ORDER BY 1"
    assert warehouse.all(query) == [("jira", "2026-02-01 03:00:00+00"), ("jira-us", "2026-01-02 08:00:00+00")]


@pytest.mark.parametrize(
    ("changes", "minutes"),
    [
        ({}, None),
        ({"Time Spent": "", "Log Work": ""}, None),
        ({"Time Spent": "0"}, Decimal(0)),
        ({"Time Spent": "90", "Log Work": ";x;y;3600"}, Decimal("1.5")),
        ({"Log Work": "a;b;c;d;;01/Jul/26 9:00 AM;acc;100"}, Decimal("1.666667")),
    ],
)
def test_minutes_of_work(warehouse: Warehouse, changes: dict[str, str], minutes: Decimal | None):
    """Catches work that nobody logged taken for no work, and worklogs added to the time that holds them."""
    declare(warehouse)
    assert load(warehouse, "handling_minutes", **changes) == (minutes,)


@pytest.mark.parametrize(
    ("column", "value"),
    [("Log Work", "1h 30m"), ("Log Work", "x;y;3600"), ("Log Work", ";x;y;1h"), ("Log Work", ";x;y;-60"),
     ("Time Spent", "1h 30m"), ("Time Spent", "-60")],
)  # fmt: skip
def test_work_that_cannot_be_read_is_refused(warehouse: Warehouse, column: str, value: str):
    """Catches work that is lost because its cell is not understood."""
    declare(warehouse)
    warehouse.take("jira/a.csv", export_of(issue(**{column: value})))
    assert warehouse.reasons() == [(2, "bad_number", column)]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Status": "Resolved"}, "closed"),
        ({"Status": "In Review"}, "open"),
        ({"Status": "Shipped", "Status Category": "Done"}, "closed"),
        ({"Status": "Resolved", "Status Category": "In Progress"}, "open"),
        ({"Status": "Cancelled", "Status Category": "Done"}, "void"),
    ],
)
def test_what_is_done(warehouse: Warehouse, changes: dict[str, str], status: str):
    """Catches an issue that stays open for ever because its export has no category of statuses, or words of its own."""
    declare(warehouse)
    assert load(warehouse, "status", **changes) == (status,)


def test_deliveries_in_any_order_and_pieces_change_nothing(make_warehouse: Callable[..., Warehouse]):
    """Catches rows counted again when an export comes again, permuted, split, with other columns or line ends, and
    values lost where a part of the file repeats a column less often."""
    header, *rows = list(csv.reader(io.StringIO(EXPORT.decode(), newline="")))
    unread = [place for place, name in enumerate(header) if name in ("Comment", "Watchers", "Σ Time Spent")]
    found = []
    for seed in range(4):
        shuffled = random.Random(seed)
        warehouse = make_warehouse(f"home-{seed}")
        declare(warehouse)
        pieces = [rows] if seed == 0 else [*([row] for row in shuffled.sample(rows, 3)), shuffled.sample(rows, 3)]
        for number, piece in enumerate(pieces):
            gone = unread if (seed + number) % 2 else []
            cut = [[cell for place, cell in enumerate(row) if place not in gone] for row in [header, *piece]]
            content = exported(*cut, line_end="\r\n" if number % 2 else "\n")
            warehouse.take(f"jira/{number}.csv.gz", b"\xef\xbb\xbf" + content if number % 2 else content)
        warehouse.take("jira/again.csv", EXPORT)
        warehouse.assert_conserved()
        assert warehouse.counts()[1] == 3
        found.append(warehouse.all(CONTENT))
    assert len(found[0]) == 3
    assert all(other == found[0] for other in found[1:])


def test_an_export_beside_what_the_api_returns(warehouse: Warehouse):
    """Catches one issue that counts as two because it came both ways: it is one, in the later state."""
    declare(warehouse)
    warehouse.take("jira/api.jsonl", jsonl(jira_issue()))
    warehouse.take("jira/export.csv", EXPORT)
    query = "SELECT count(*), count(DISTINCT record_id) FROM jira.records WHERE record_id = '10042'"
    # Both are states of the same minute; which of them wins does not depend on which came first.
    assert warehouse.all(query) == [(2, 1)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"Issue key,Issue id,Status,Created\nAI-1,1,Done,x\n", "missing_column"),
        (b"Issue key;Issue id;Status;Created;Updated\nAI-1;1;Done;x;y\n", "missing_column"),
        (b"Issue key,Issue id,Status,Created,Updated,Created\nAI-1,1,Done,x,y,z\n", "duplicate_column"),
        (b"PAR1" + bytes(80) + b"PAR1", "unsupported_format"),
    ],
)
def test_files_that_are_no_such_export(warehouse: Warehouse, content: bytes, reason: str):
    """Catches a file from which only some issues, or one of two times, would be read."""
    declare(warehouse)
    assert warehouse.take("jira/a.csv", content).refused == [("jira/a.csv", reason)]
    assert reason in FILE_REASONS


def test_elsewhere_a_repeated_header_is_an_error(warehouse: Warehouse):
    """Catches a second column of a name taken for more of the first where no desk writes that."""
    assert SOURCES["zendesk"].named_once is None
    content = b"id,status,created_at,updated_at,tags,tags\n1,open,2026-07-01T08:00:00Z,2026-07-01T08:00:00Z,a,b\n"
    assert warehouse.take("zendesk/a.csv", content).refused == [("zendesk/a.csv", "duplicate_column")]
