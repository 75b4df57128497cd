"""A month of a small company in which everything is connected to everything: shared outcomes, retries across midnight,
tickets about several outcomes that move between them, clocks that run for weeks, rows that are corrected later, rows
that name no use case. Made to find a day that an incremental run forgets; believable it is not."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

START = datetime(2026, 7, 1, tzinfo=UTC)
DAYS = 40
SPARSE_OUTCOMES, DENSE_OUTCOMES = 60, 12
MODELS = (("acme", "big"), ("acme", "small"), ("other", "mystery"))
# What some calls use beside text: at a price of its own, at that of the text it is part of, without any.
UNITS = {
    1: {"file_search": 3},
    3: [{"meter": "audio_output", "quantity": 70}, {"meter": "image_cache_read", "quantity": "900"}],
    5: {"input_seconds": "0.5", "file_search": 1, "fee": "0.0001"},
}
USE_CASES = ("claims", "drafts", "ghost", "later")

Row = dict[str, Any]
Reference = dict[str, list[dict[str, str]]]


@dataclass
class Landed:
    """A row, and when its sender has it."""

    source: str
    row: Row
    known_at: datetime


@dataclass
class RandomCompany:
    """Rows of one seed. ``dense`` shares a dozen outcomes among all rows, so that most days hang together."""

    seed: int
    dense: bool = False
    rows: list[Landed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._outcomes = [f"o{n}" for n in range(DENSE_OUTCOMES if self.dense else SPARSE_OUTCOMES)]
        # Work on an outcome lies within days of each other; without that every row would be connected to every day.
        self._begins = {outcome: self._time() for outcome in self._outcomes}
        for number in range(70):
            self._native_attempt(number)
        for number in range(30):
            self._call(number)
        for number in range(20):
            self._trace(number)
        for number in range(25):
            self._ticket(number)
        for number in range(25):
            self._clock(number)
        for number in range(15):
            self._decision(number)

    def _time(self) -> datetime:
        return START + timedelta(seconds=self._random.randrange(DAYS * 86_400))

    def _near(self, outcome: str | None, days: float = 2.0) -> datetime:
        """A time at work on an outcome; any time where there is none."""
        if outcome is None:
            return self._time()
        hours = self._random.expovariate(1 / (days * 12))
        return min(self._begins[outcome] + timedelta(hours=hours), START + timedelta(days=DAYS))

    def _outcome(self, share: float = 0.8) -> str | None:
        return self._random.choice(self._outcomes) if self._random.random() < share else None

    def _land(self, source: str, row: Row, at: datetime) -> None:
        """Most rows arrive within hours, some days, a few weeks after their time."""
        late = self._random.choices((0.2, 3, 15), (8, 2, 1))[0] * self._random.random()
        kept = {name: value for name, value in row.items() if value is not None}
        self.rows.append(Landed(source, kept, at + timedelta(days=late)))

    def _maybe(self, share: float, value: Any) -> Any:
        return value if self._random.random() < share else None

    def _usage(self) -> Row:
        return {"input_tokens": self._random.randrange(5_000), "output_tokens": self._random.randrange(900)}

    def _native_attempt(self, number: int) -> None:
        r = self._random
        source = r.choice(("inference", "inference", "inference-eu"))
        outcome = self._outcome()
        started = self._near(outcome)
        provider, model = r.choice(MODELS)
        linked = 0.2 if self.dense else 0.05
        # Some senders name a request after its first attempt.
        names = (f"r{number // 3}", f"a{r.randrange(70)}")
        row: Row = {
            "attempt_id": f"a{number}",
            "request_id": self._maybe(2 * linked, r.choice(names)),
            "retry_of": self._maybe(linked, f"a{r.randrange(75)}"),
            "outcome_id": outcome,
            "use_case": r.choice((*USE_CASES, None, None)),
            "provider": provider,
            "model": model,
            "started_at": _text(started),
            "ended_at": self._maybe(0.8, _text(started + timedelta(seconds=r.choice((1, 90, 20_000))))),
            "status": r.choice(("success", "success", "error", "timeout", "rate_limited")),
            "prompt_hash": r.choice(("p1", "p2", None)),
            "cache_hit": self._maybe(0.1, True),
            "cost": self._maybe(0.2, str(r.randrange(1000) / 1000)),
            "currency": self._maybe(0.3, "EUR"),
            "experiment": self._maybe(0.1, "trial"),
            "team": r.choice(("red", "blue")),
            "units": UNITS.get(number % 8),
            "attributes": {"speed": "fast"} if number % 9 == 0 else None,
            **self._usage(),
        }
        self._land(source, row, started)
        if r.random() < 0.4:
            # A retry within the window, often on the next day and from another delivery.
            again = started + timedelta(seconds=r.choice((5, 100, 5_000)))
            extra = {"attempt_id": f"a{number}-again", "started_at": _text(again), "ended_at": None}
            self._land(source, row | extra | {"retry_of": None} | self._usage(), again)
        if r.random() < 0.25:
            # The final version of a row that was first sent half done; it may even have moved.
            moved = started + timedelta(days=r.choice((0, 0, -3, 4)))
            change: Row = {"output_tokens": 1_000 + r.randrange(100), "started_at": _text(moved), "ended_at": None}
            change |= {"outcome_id": r.choice((outcome, self._outcome())), "retry_of": None}
            self._land(source, row | change, max(started, moved) + timedelta(days=r.random() * 3))

    def _call(self, number: int) -> None:
        r = self._random
        outcome = self._outcome()
        started = self._near(outcome)
        keys = {"outcome_id": outcome, "use_case": r.choice((*USE_CASES, None)), "prompt_hash": "p3"}
        row: Row = {
            "request_id": f"c{number}",
            "call_type": "acompletion",
            "model": r.choice(("big", "small")),
            "custom_llm_provider": "acme",
            "startTime": _text(started),
            "endTime": _text(started + timedelta(seconds=30)),
            "prompt_tokens": r.randrange(3_000),
            "completion_tokens": r.randrange(500),
            "spend": r.choice((0.0, 0.01)),
            "status": r.choice(("success", "failure")),
            "session_id": f"s{r.randrange(20)}",
            "metadata": json.dumps(
                {
                    "user_api_key_team_alias": r.choice(("claims-team", "nobody")),
                    "spend_logs_metadata": {name: value for name, value in keys.items() if value is not None},
                }
            ),
        }
        self._land("litellm", row, started)

    def _trace(self, number: int) -> None:
        """A root span with the business keys and model spans; they may come in different deliveries."""
        r = self._random
        outcome = self._outcome()
        started = self._near(outcome)
        trace = f"{number + 1:032x}"
        keys = {"finops.outcome_id": outcome, "finops.use_case": r.choice((*USE_CASES, None))}
        self._span(trace, 0, None, started, keys)
        response = f"resp-{number}"
        for place in range(1, r.randrange(2, 5)):
            at = started + timedelta(hours=r.choice((0, 0, 1, 20)), seconds=place)
            values: Row = {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "acme",
                "gen_ai.request.model": r.choice(("big", "small")),
                "gen_ai.usage.input_tokens": r.randrange(2_000),
                "gen_ai.usage.output_tokens": r.randrange(300),
                # Two instrumentations of one call name the same response.
                "gen_ai.response.id": r.choice((response, None)),
                "finops.use_case": self._maybe(0.2, r.choice(USE_CASES)),
                "error.type": self._maybe(0.3, "timeout"),
            }
            self._span(trace, place, f"{number + 1:015x}0", at, values)

    def _span(self, trace: str, place: int, parent: str | None, at: datetime, values: Row) -> None:
        nanoseconds = int(at.timestamp() * 1_000_000) * 1_000
        span: Row = {
            "traceId": trace,
            "spanId": f"{trace[-15:]}{place:x}",
            "name": "chat" if place else "POST /",
            "startTimeUnixNano": str(nanoseconds),
            "endTimeUnixNano": str(nanoseconds + 5_000_000_000),
            "attributes": [
                {"key": k, "value": {"intValue": str(v)} if isinstance(v, int) else {"stringValue": v}}
                for k, v in values.items()
                if v is not None
            ],
            "status": {},
        }
        if parent is not None:
            span["parentSpanId"] = parent
        scope = {"scope": {"name": "app"}, "spans": [span]}
        self._land("otel", {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [scope]}]}, at)

    def _ticket(self, number: int) -> None:
        r = self._random
        outcomes = [o for o in (self._outcome(0.9), self._outcome(0.4)) if o]
        at = opened = self._near(outcomes[0] if outcomes else None, 10)
        use_case = r.choice((*USE_CASES, None, None))
        for _ in range(r.choice((1, 1, 2, 3))):
            row: Row = {
                "ticket_id": f"t{number}",
                "outcome_ids": outcomes or None,
                "use_case": use_case,
                "opened_at": _text(opened),
                "closed_at": self._maybe(0.6, _text(at)),
                "updated_at": _text(at),
                "severity": r.choice(("critical", "minor")),
                "kind": r.choice(("correction", "full_review", "spot_check")),
                "status": r.choice(("open", "closed", "closed", "void")),
                "handling_minutes": r.choice((None, 7, 45.5)),
                "role": r.choice(("clerk", "judge")),
                "cost": self._maybe(0.2, "9.99"),
                "currency": self._maybe(0.3, "EUR"),
            }
            self._land("rework", row, at)
            at += timedelta(days=r.random() * 12)
            if r.random() < 0.4:
                outcomes = [o for o in (self._outcome(0.9),) if o]
            if r.random() < 0.2:
                opened -= timedelta(days=1)

    def _clock(self, number: int) -> None:
        r = self._random
        outcome = self._outcome(1)
        started = self._near(outcome)
        due = started + timedelta(days=r.random() * 6)
        row: Row = {
            "event_id": f"e{number}",
            "outcome_id": outcome,
            "use_case": r.choice((*USE_CASES, None)),
            "metric": r.choice(("response", "resolution")),
            "started_at": _text(started),
            "due_at": _text(due),
            "paused_minutes": r.choice((None, 0, 300)),
            "updated_at": _text(started),
            "status": r.choice((None, "running")),
        }
        self._land("sla", row, started)
        stopped = started + timedelta(days=r.random() * 25)
        change = r.choice(("stop", "stop", "cancel", "move", "nothing"))
        updated = {"updated_at": _text(stopped), "status": None}
        if change == "stop":
            self._land("sla", row | updated | {"stopped_at": _text(stopped)}, stopped)
        elif change == "cancel":
            self._land("sla", row | updated | {"status": "cancelled"}, stopped)
        elif change == "move":
            other = {"outcome_id": self._outcome(1), "started_at": _text(started - timedelta(days=2))}
            self._land("sla", row | updated | other, stopped)

    def _decision(self, number: int) -> None:
        outcome = self._outcome(1)
        at = self._near(outcome, 12)
        row = {
            "outcome_id": outcome,
            "use_case": self._random.choice(USE_CASES),
            "decision": self._random.choice(("accepted", "rejected", "abandoned")),
            "decided_at": _text(at),
        }
        self._land("outcomes", row, at)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def deliver(landing: Path, rows: list[Landed], name: str) -> None:
    """Write rows as one JSONL file a source."""
    for source in sorted({landed.source for landed in rows}):
        folder = landing / source
        folder.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(landed.row) for landed in rows if landed.source == source]
        (folder / f"{name}.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def first_reference() -> Reference:
    """Reference data at the beginning, each row with the columns it needs."""
    return {
        "use_cases": [
            _use_case("claims", "anna", "critical"),
            _use_case("drafts", "bert", "mass") | {"acceptance_window_days": "5", "delay_cap_minutes": "600"},
        ],
        "owners": [{"owner": "anna"}, {"owner": "bert"}, {"owner": "cleo"}],
        "models": [{"provider": "acme", "model": "big", "tier": "premium", "is_reference": "true"}],
        "model_prices": [
            {
                "provider": "acme", "model": model, "service_tier": "standard", "token_kind": kind,
                "price_per_million": price, "currency": currency,
            }
            for model, currency, factor in (("big", "USD", 5), ("small", "EUR", 1))
            for kind, price in (("input", str(factor * 3)), ("output", str(factor * 11)), ("file_search", "2500.5"))
        ],
        "price_modifiers": [
            {"provider": "acme", "model": model, "attribute": "speed", "value": "fast", "multiplier": multiplier}
            for model, multiplier in (("", "6"), ("small", "1.25"))
        ],
        "model_aliases": [],
        "provider_aliases": [],
        "price_overrides": [
            {
                "provider": "acme", "model": "big", "service_tier": "standard", "token_kind": "output",
                "price_per_million": "50", "currency": "USD", "valid_from": "2026-07-10", "valid_to": "2026-07-14",
            }
        ],
        "role_rates": [{"role": "clerk", "hourly_rate": "30", "currency": "USD"}],
        "delay_rates": [
            {"use_case": "claims", "per_minute": "0.5", "per_breach": "2", "currency": "USD"},
            {"use_case": "drafts", "per_minute": "0.01", "per_breach": "0", "currency": "EUR"},
        ],
        "fx_rates": [
            {"day": f"2026-{month:02}-{day:02}", "currency": "EUR", "rate": f"1.{month}{day:02}"}
            for month, days in ((6, (28,)), (7, (3, 9, 14, 20, 26)), (8, (2, 8, 14, 20, 26)), (9, (1, 7)))
            for day in days
        ],
        "use_case_rules": [
            {"priority": "1", "source": "litellm", "field": "team_alias", "pattern": "claims-.*", "use_case": "claims"},
            {"priority": "2", "field": "team", "pattern": "red", "use_case": "drafts"},
        ],
        "budgets": [_budget("1", "0.5"), _budget("2", "0.2") | {"effective_at": "2026-07-15"}],
        "experiments": [{"experiment": "trial", "owner": "anna", "use_case": "claims"}],
    }  # fmt: skip


def _use_case(name: str, owner: str, criticality: str) -> dict[str, str]:
    return {"use_case": name, "owner": owner, "criticality": criticality, "task_class": "B"}


def _budget(revision: str, limit: str) -> dict[str, str]:
    return {
        "owner": "anna", "use_case": "claims", "month": "2026-07", "revision": revision, "kind": "production",
        "effective_at": "2026-07-01", "limit_amount": limit, "currency": "USD",
    }  # fmt: skip


def change_reference(reference: Reference, random: Random) -> str:
    """Change one thing that a person would change, in place; returns what."""
    changes = {
        "owner from a day on": _change_owner,
        "price of a few days": _change_price,
        "override removed": lambda r, _: r["price_overrides"].clear(),
        "role rate from a day on": _change_role_rate,
        "rate of exchange": lambda r, rnd: rnd.choice(r["fx_rates"]).update(rate=f"1.{rnd.randrange(10, 99)}"),
        "rate of exchange gone": lambda r, rnd: r["fx_rates"].pop(rnd.randrange(len(r["fx_rates"]))),
        "delay rate": lambda r, rnd: r["delay_rates"][0].update(per_minute=f"0.{rnd.randrange(1, 9)}"),
        "acceptance window": lambda r, rnd: r["use_cases"][-1].update(acceptance_window_days=str(rnd.randrange(1, 20))),
        "use case declared late": _declare_late,
        "use case declared in the past only": _declare_early,
        "rule": lambda r, rnd: r["use_case_rules"][1].update(pattern=rnd.choice(("red", "blue", "nobody"))),
        "budget": lambda r, rnd: r["budgets"][0].update(limit_amount=f"0.{rnd.randrange(1, 99):02}"),
    }
    name = random.choice(sorted(changes))
    changes[name](reference, random)
    return name


def _cut(random: Random) -> str:
    return (START + timedelta(days=random.randrange(1, DAYS))).date().isoformat()


def _change_owner(reference: Reference, random: Random) -> None:
    """Split the open interval of a use case: another owner from a day on."""
    day = _cut(random)
    current = random.choice([row for row in reference["use_cases"] if not row.get("valid_to")] or [{}])
    if current and current.get("valid_from", "") < day:
        reference["use_cases"].append(current | {"owner": random.choice(("anna", "bert", "cleo")), "valid_from": day})
        current["valid_to"] = day


def _change_role_rate(reference: Reference, random: Random) -> None:
    day = _cut(random)
    current = next(row for row in reference["role_rates"] if not row.get("valid_to"))
    if current.get("valid_from", "") < day:
        reference["role_rates"].append(current | {"hourly_rate": str(random.randrange(20, 60)), "valid_from": day})
        current["valid_to"] = day


def _change_price(reference: Reference, random: Random) -> None:
    """An override for a few days of July; the one before it goes."""
    first = random.randrange(1, 20)
    reference["price_overrides"][:] = [
        {
            "provider": "acme", "model": random.choice(("big", "small", "")), "service_tier": "standard",
            "token_kind": random.choice(("input", "output")), "price_per_million": str(random.randrange(1, 90)),
            "currency": random.choice(("USD", "EUR")), "valid_from": f"2026-07-{first:02}",
            "valid_to": f"2026-07-{first + random.randrange(1, 9):02}",
        }
    ]  # fmt: skip


def _declare_late(reference: Reference, random: Random) -> None:
    if all(row["use_case"] != "later" for row in reference["use_cases"]):
        reference["use_cases"].insert(0, _use_case("later", "cleo", "important") | {"valid_from": _cut(random)})


def _declare_early(reference: Reference, random: Random) -> None:
    if all(row["use_case"] != "ghost" for row in reference["use_cases"]):
        reference["use_cases"].insert(0, _use_case("ghost", "cleo", "important") | {"valid_to": _cut(random)})


def write_reference(folder: Path, reference: Reference) -> None:
    """Write every seed as CSV with the columns of the project's own."""
    from orchestration.reference.specs import SPECS

    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in reference.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, SPECS[name].column_names, restval="", lineterminator="\n")
            writer.writeheader()
            for row in rows:
                always = {"valid_from": "2026-01-01"} if "valid_from" in SPECS[name].column_names else {}
                writer.writerow(always | row)
