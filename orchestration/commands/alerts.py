"""`finops alerts`: what was told to whom, and a delivery between two nights."""

from __future__ import annotations

from orchestration.alerts.outbox import send_alerts
from orchestration.commands.console import EXIT_FAILED, CommandError, out, plain
from orchestration.settings import Settings
from orchestration.warehouse.database import open_database
from orchestration.warehouse.lock import writer_lock

_LISTED = 50


def show_alerts(settings: Settings, *, send: bool) -> None:
    """Print the newest alerts of the outbox; with ``send`` deliver first what waits.

    Raises:
        CommandError: nothing was published, or alerts still wait after sending.
        RunInProgress: a run holds the warehouse.
    """
    if not settings.raw_database.exists():
        raise CommandError("nothing has been loaded yet; run `finops nightly` first", EXIT_FAILED)
    with writer_lock(settings):
        report = send_alerts(settings, at_once=True) if send else None
        with open_database(settings.raw_database, settings) as con:
            rows = con.execute(
                "SELECT crossed_day, use_case, owner, budget, threshold, state, attempts, coalesce(last_error, '')"
                " FROM ledger.alert_outbox WHERE state <> 'before_start' ORDER BY queued_at DESC, crossed_day DESC"
                f" LIMIT {_LISTED}"
            ).fetchall()
    for day, use_case, owner, budget, threshold, state, attempts, error in rows:
        line = f"{day}  {state:<8} {budget} {threshold}  {use_case} ({owner})"
        if attempts:
            line += f"  deliveries tried: {attempts}"
        out.print(plain(line + (f", last: {error}" if error and state != "sent" else "")), soft_wrap=True)
    if not rows:
        out.print("no alerts")
    if report is not None:
        out.print(plain(report.sentence()))
        if report.waiting:
            raise CommandError("alerts are still waiting", EXIT_FAILED)
