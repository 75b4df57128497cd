"""One alert per crossing: none missed, at most one key each, whatever the receiver and the machine do."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from orchestration.alerts.outbox import LONGEST_WAIT, AlertReport, send_alerts, waiting_time
from orchestration.alerts.webhook import Receiver

from .conftest import NOW

SEND = """
import sys
from datetime import datetime
from pydantic import SecretStr
from orchestration.alerts.outbox import send_alerts
from orchestration.settings import get_settings
from orchestration.alerts.webhook import Receiver
now = datetime.fromisoformat(sys.argv[2])
send_alerts(get_settings(), clock=lambda: now, receiver=Receiver(SecretStr(sys.argv[1]), None, True, 0.15))
"""


def send(settings, receiver, *, days: int = 0, timeout: float = 2.0) -> AlertReport:
    """A run so many days after the first one."""
    now = NOW + timedelta(days=days)
    to = Receiver(SecretStr(receiver.url), SecretStr("shared"), True, timeout)
    return send_alerts(settings, clock=lambda: now, receiver=to)


def test_nothing_is_missed_or_told_under_two_keys(settings, publish, outbox, receiver) -> None:
    """Catches an alert lost between sending and marking, one forgotten after a failure, and a new key on repetition.

    220 crossings; the receiver fails, hangs, redirects, drops the line after it accepted, and is down for a while; the
    sender is killed before it sends, before it marks and while it queues.
    """
    chance = random.Random(4)
    keys = [f"key-{number:03}" for number in range(220)]
    publish([{"alert_key": key, "use_case": key} for key in keys])
    receiver.answer = lambda: chance.choice([204, 204, 204, 204, 200, 200, 500, 429, 302, "drop", "hang"])
    killed, day = 0, 0
    for stage, number in [
        ("alert_queue", 1), ("alert_send", 1), ("alert_mark", 1), ("alert_send", 4), ("alert_mark", 2),
        ("alert_mark", 5), ("alert_send", 7), ("alert_mark", 3), ("alert_mark", 1), ("alert_mark", 8),
    ]:  # fmt: skip
        day += 1
        environment = {
            **os.environ, "FINOPS_HOME": str(settings.home), "FINOPS_FAIL_AT": f"{stage}:{number}",
            "FINOPS_ALERT_ALLOW_PRIVATE": "true",
        }  # fmt: skip
        now = (NOW + timedelta(days=day)).isoformat()
        done = subprocess.run([sys.executable, "-c", SEND, receiver.url, now], env=environment, check=False)
        killed += done.returncode == -9
    assert killed >= 5
    receiver.stop()
    assert send(settings, receiver, days=day + 1).failures == {"unreachable": 3}
    receiver.start()
    for _ in range(200):
        day += 1
        if send(settings, receiver, days=day + 1, timeout=0.1).waiting == 0:
            break
    rows = outbox()
    assert sorted(rows) == keys
    assert {row["state"] for row in rows.values()} == {"sent"}
    assert set(receiver.accepted) == set(keys)
    bodies = {heard.headers["idempotency-key"]: heard.body for heard in receiver.requests}
    assert all(bodies[heard.headers["idempotency-key"]] == heard.body for heard in receiver.requests)


def test_a_crossing_that_comes_and_goes_is_told_once(settings, publish, outbox, receiver) -> None:
    """Catches flapping: a correction that lowers the spend and another that raises it again tell the owner twice."""
    for crossings in ([{}], [{"is_standing": False}], [], [{"spent_amount": "90"}]):
        publish(crossings)
        send(settings, receiver)
    assert len(receiver.requests) == 1
    assert outbox()["k"]["spent_amount"] == pytest.approx(80.5)


def test_a_crossing_of_published_days_is_called_restated(settings, publish, outbox, receiver) -> None:
    """Catches a late file whose crossing looks like today's, and rows of the publishing day itself called late."""
    publish([{"alert_key": "first", "crossed_day": "2026-09-02"}], as_of=datetime(2026, 9, 20, 6, tzinfo=UTC))
    send(settings, receiver)
    publish(
        [
            {"alert_key": "late", "crossed_day": "2026-09-19"},
            {"alert_key": "same day", "crossed_day": "2026-09-20"},
            {"alert_key": "new", "crossed_day": "2026-09-27"},
        ]
    )
    send(settings, receiver)
    assert {key: row["is_restated"] for key, row in outbox().items()} == {
        "first": False, "late": True, "same day": False, "new": False,
    }  # fmt: skip
    assert b'"restated":true' in next(h.body for h in receiver.requests if h.headers["idempotency-key"] == "late")


def test_the_history_before_the_first_publish_is_not_told(settings, publish, outbox, receiver) -> None:
    """Catches a first night that sends the alerts of years."""
    publish([{"alert_key": "old", "month": "2026-08-01"}, {"alert_key": "now"}])
    assert send(settings, receiver).sent == 1
    assert {key: row["state"] for key, row in outbox().items()} == {"old": "before_start", "now": "sent"}


def test_a_failure_waits_longer_each_time_and_at_most_half_a_day(settings, publish, outbox, receiver) -> None:
    """Catches a receiver that is called every time although it has just failed, and a wait that skips a night."""
    publish([{}])
    receiver.answer = lambda: 503
    assert send(settings, receiver).failures == {"http_503": 1}
    assert send(settings, receiver).failures == {}
    row = outbox()["k"]
    assert (row["state"], row["attempts"], row["last_error"]) == ("pending", 1, "http_503")
    assert row["next_attempt_at"] == NOW + timedelta(minutes=5)
    waits = [waiting_time(attempts) for attempts in range(1, 40)]
    assert waits == sorted(waits)
    assert waits[1] == timedelta(minutes=10)
    assert waits[-1] == LONGEST_WAIT < timedelta(days=1)
    receiver.answer = lambda: 204
    to = Receiver(SecretStr(receiver.url), None, True)
    assert send_alerts(settings, clock=lambda: NOW, receiver=to, at_once=True).sent == 1


def test_a_receiver_that_is_down_does_not_hold_up_the_run(settings, publish, receiver) -> None:
    """Catches a night of 200 alerts that waits for each of them."""
    publish([{"alert_key": f"k{number}"} for number in range(200)])
    receiver.answer = lambda: "hang"
    report = send(settings, receiver, timeout=0.1)
    assert (report.failures, report.waiting) == ({"timeout": 3}, 200)


def test_alerts_that_are_never_taken_do_not_stop_the_others(settings, publish, outbox, receiver) -> None:
    """Catches three messages that a receiver always refuses, and behind which everything waits for ever."""
    refused = ["a1", "a2", "a3"]
    publish([{"alert_key": key, "use_case": "refused"} for key in refused] + [{"alert_key": "b"}])
    receiver.answer = lambda: 400 if b"refused" in receiver.requests[-1].body else 204
    assert send(settings, receiver).sent == 0
    assert send(settings, receiver, days=1).sent == 1
    assert {key for key, row in outbox().items() if row["state"] == "pending"} == set(refused)


def test_without_a_receiver_alerts_wait(settings, publish, outbox) -> None:
    """Catches alerts that count as sent because there was nobody to send them to."""
    publish([{}])
    report = send_alerts(settings)
    assert (report.queued, report.waiting) == (1, 1)
    assert "FINOPS_ALERT_WEBHOOK_URL" in report.sentence()
    assert outbox()["k"]["attempts"] == 0


def test_a_webhook_that_is_down_fails_no_run(settings, publish, monkeypatch) -> None:
    """Catches a night that ends red, and a warning with the address in it, because a chat program is down."""
    import dagster as dg

    from orchestration.graph import alerts as assets
    from orchestration.graph.keys import PUBLISHED
    from orchestration.graph.run_parameters import WriterLock

    publish([{}])
    monkeypatch.setenv("FINOPS_HOME", str(settings.home))
    monkeypatch.setenv("FINOPS_ALERT_WEBHOOK_URL", "http://127.0.0.1:1/hooks/not-for-logs")
    monkeypatch.setenv("FINOPS_ALERT_ALLOW_PRIVATE", "true")
    definitions = dg.Definitions(
        assets=[dg.AssetSpec(PUBLISHED), assets.alerts],
        resources={"writer_lock": WriterLock()},
        jobs=[dg.define_asset_job("job", dg.AssetSelection.assets(assets.alerts), executor_def=dg.in_process_executor)],
    )
    job = definitions.resolve_job_def("job")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        assert result.success
        logged = "".join(str(record) for record in instance.all_logs(result.run_id))
        monkeypatch.setattr(assets, "send_alerts", lambda _settings: 1 / 0)
        assert job.execute_in_process(instance=instance, raise_on_error=False).success
    assert "unreachable" in logged
    assert "not-for-logs" not in logged
