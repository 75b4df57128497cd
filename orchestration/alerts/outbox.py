"""Alerts of crossed budgets: an outbox that survives any crash, and its delivery to a webhook.

The row is written before anything is sent, and marked after the receiver said yes. A run that dies in between sends
the same message again with the same key: delivery is at least once, and the key lets a receiver make it once.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from orchestration.alerts.messages import Alert, render
from orchestration.alerts.webhook import DeliveryFailed, Receiver, post
from orchestration.publish.ledger import PublishRow, read_publishes
from orchestration.settings import Settings, project_vars
from orchestration.warehouse.database import attach, open_database
from orchestration.warehouse.failpoint import fail_at

FIRST_WAIT = timedelta(minutes=5)
# Shorter than a day, so that the next nightly run tries again whatever happened before.
LONGEST_WAIT = timedelta(hours=12)
# A receiver that is down must not hold up the run: 200 alerts at 10 s each would be half an hour.
FAILURES_TO_STOP_AT = 3
SECONDS_TO_STOP_AFTER = 120.0

_COLUMNS = ", ".join(entry.name for entry in fields(Alert))


@dataclass
class AlertReport:
    """What became of the alerts of one run; ``failures`` counts by code (``timeout``, ``http_503``)."""

    queued: int = 0
    sent: int = 0
    waiting: int = 0
    has_receiver: bool = True
    failures: Counter[str] = field(default_factory=Counter)

    def sentence(self) -> str:
        """One line for people; names no address."""
        line = f"{self.queued} new alerts, {self.sent} sent, {self.waiting} waiting"
        if self.failures:
            line += f" ({', '.join(f'{code} x {count}' for code, count in sorted(self.failures.items()))})"
        if not self.has_receiver and self.waiting:
            line += "; no receiver is set (FINOPS_ALERT_WEBHOOK_URL)"
        return line


def receiver_of(settings: Settings) -> Receiver | None:
    """The receiver that the settings name; None when they name none."""
    if settings.alert_webhook_url is None:
        return None
    return Receiver(settings.alert_webhook_url, settings.alert_secret, settings.alert_allow_private)


def send_alerts(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    receiver: Receiver | None = None,
    at_once: bool = False,
) -> AlertReport:
    """Queue what the published build found crossed, then send what is due. A receiver that fails is no error.

    The caller holds the writer lock. ``receiver`` is for tests; default the one of the settings. ``at_once`` sends what
    waits after a failure, too.
    """
    receiver = receiver or receiver_of(settings)
    report = AlertReport(has_receiver=receiver is not None)
    with open_database(settings.raw_database, settings) as con:
        if settings.published_database.exists():
            report.queued = queue_crossings(con, settings, clock())
        if receiver is not None:
            _send_due(con, settings, receiver, clock, at_once, report)
        row = con.execute("SELECT count(*) FROM ledger.alert_outbox WHERE state = 'pending'").fetchone()
        report.waiting = row[0] if row else 0
        con.execute("CHECKPOINT")
    return report


def queue_crossings(con: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> int:
    """Write a row for each crossing of the published build that the outbox does not hold, in one transaction.

    Crossings of months before the first publish are written down and never sent: nobody wants the history of years on
    the first day. Returns how many are new and to be sent.
    """
    publishes = read_publishes(con)
    if not publishes:
        return 0
    attach(con, settings.published_database.resolve(), "published")
    try:
        if not _has_alerts(con):
            return 0
        con.execute("BEGIN")
        try:
            new = _insert_crossings(con, publishes, now)
            fail_at("alert_queue")
            con.execute("COMMIT")
        except BaseException:
            con.execute("ROLLBACK")
            raise
    finally:
        con.execute("DETACH published")
    return new


def waiting_time(attempts: int) -> timedelta:
    """How long to wait after so many failed deliveries: 5 minutes, doubled each time, at most 12 hours."""
    return min(FIRST_WAIT * 2 ** min(attempts - 1, 10), LONGEST_WAIT)


def _has_alerts(con: duckdb.DuckDBPyConnection) -> bool:
    found = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'published' AND schema_name = 'marts'"
        " AND table_name = 'budget_alerts'"
    ).fetchone()
    return bool(found and found[0])


def _insert_crossings(con: duckdb.DuckDBPyConnection, publishes: list[PublishRow], now: datetime) -> int:
    first_month = _day(publishes[0].as_of).replace(day=1)
    # Before the day of the publish before this one, everything had been published already. On that day itself rows
    # may have come after it in good time.
    known_before = _day(publishes[-2].as_of) if len(publishes) > 1 else date.min
    rows = con.execute(
        """
        INSERT INTO ledger.alert_outbox BY NAME
        SELECT
            alert_key, owner, use_case, budget, month, budget_revision, threshold, crossed_day, spent_amount,
            limit_amount, escalate_to, crossed_day < $known_before AS is_restated, $publish_id AS publish_id,
            CASE WHEN month < $first_month THEN 'before_start' ELSE 'pending' END AS state, 0 AS attempts,
            $now::TIMESTAMPTZ AS queued_at, $now::TIMESTAMPTZ AS next_attempt_at
        FROM published.marts.budget_alerts
        WHERE is_standing AND alert_key NOT IN (SELECT alert_key FROM ledger.alert_outbox)
        RETURNING state
        """,
        {
            "known_before": known_before,
            "publish_id": publishes[-1].publish_id,
            "first_month": first_month,
            "now": now,
        },
    ).fetchall()
    return sum(state == "pending" for (state,) in rows)


def _send_due(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    receiver: Receiver,
    clock: Callable[[], datetime],
    at_once: bool,
    report: AlertReport,
) -> None:
    started, failed_in_a_row = time.monotonic(), 0
    # Those that failed before come last: three that a receiver never takes must not stand before all others for ever.
    due = con.execute(
        f"SELECT attempts, {_COLUMNS} FROM ledger.alert_outbox WHERE state = 'pending'"
        " AND (next_attempt_at <= ? OR ?) ORDER BY attempts, crossed_day, alert_key",
        [clock(), at_once],
    ).fetchall()
    for attempts, *values in due:
        if failed_in_a_row >= FAILURES_TO_STOP_AT or time.monotonic() - started > SECONDS_TO_STOP_AFTER:
            return
        alert = Alert(*values)
        body = render(alert, settings.alert_kind, project_vars().reporting_currency)
        fail_at("alert_send")
        try:
            post(receiver, body, key=alert.alert_key, timestamp=int(clock().timestamp()))
        except DeliveryFailed as error:
            failed_in_a_row += 1
            report.failures[str(error)] += 1
            con.execute(
                "UPDATE ledger.alert_outbox SET attempts = ?, next_attempt_at = ?, last_error = ? WHERE alert_key = ?",
                [attempts + 1, clock() + waiting_time(attempts + 1), str(error), alert.alert_key],
            )
            continue
        fail_at("alert_mark")
        con.execute(
            "UPDATE ledger.alert_outbox SET state = 'sent', attempts = ?, sent_at = ?, next_attempt_at = NULL"
            " WHERE alert_key = ?",
            [attempts + 1, clock(), alert.alert_key],
        )
        failed_in_a_row = 0
        report.sent += 1


def _day(instant: datetime) -> date:
    return instant.astimezone(ZoneInfo(project_vars().reporting_time_zone)).date()
