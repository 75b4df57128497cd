"""Worked requests: which attempts are one, and how long they took."""

from datetime import date

HASH = {"outcome_id": "o1", "prompt_hash": "p1"}


def requests_by_attempt(company):
    result = company.compute()
    return {attempt.attempt_id: attempt.request_id for attempt in result.attempts}


def test_explicit_links_win(company):
    """Catches links followed one step only, invented targets, and rings that never end."""
    company.attempt("a1", request_id="r1")
    company.attempt("a2", retry_of="a1")
    company.attempt("a3", retry_of="a2")
    company.attempt("a4", retry_of="a3", request_id="r4")
    company.attempt("a5", retry_of="never seen")
    company.attempt("a6", retry_of="a7")
    company.attempt("a7", retry_of="a6")
    company.attempt("a8")
    assert requests_by_attempt(company) == {
        "a1": "r1", "a2": "r1", "a3": "r1", "a4": "r4", "a5": "a5", "a6": "a6", "a7": "a6", "a8": "a8",
    }  # fmt: skip


def test_retry_window_counts_from_the_end_of_a_failed_attempt(company):
    """Catches a window from the start, one that continues after success, and one a second too long."""
    company.attempt("a1", **HASH, status="timeout", latency_ms=30_000)  # ends 12:00:30
    company.attempt("a2", **HASH, status="error", latency_ms=None, started_at="2026-07-01T12:02:30Z")  # 120 s later
    company.attempt("a3", **HASH, started_at="2026-07-01T12:04:30Z")  # 120 s after a start, no end is known
    company.attempt("a4", **HASH, status="error", started_at="2026-07-01T12:04:40Z")  # after a success
    company.attempt("a5", **HASH, started_at="2026-07-01T12:06:43Z")  # 121 s after the end at 12:04:42
    company.attempt("b1", **(HASH | {"outcome_id": "o2"}), started_at="2026-07-01T12:00:31Z")
    company.attempt("c1", outcome_id="o1", started_at="2026-07-01T12:00:31Z")
    assert requests_by_attempt(company) == {
        "a1": "a1", "a2": "a1", "a3": "a1", "a4": "a4", "a5": "a5", "b1": "b1", "c1": "c1",
    }  # fmt: skip


def test_request_figures(company):
    """Catches percentiles of attempts, and a retry counted for each attempt."""
    company.attempt("a1", request_id="r1", status="error", latency_ms=1000)
    company.attempt("a2", request_id="r1", started_at="2026-07-01T12:00:09Z", latency_ms=1000)  # 10,000 ms in all
    company.attempt("a3", latency_ms=2000)
    company.attempt("a4", latency_ms=None)
    row = company.compute().use_case_daily[date(2026, 7, 1), "claims"]
    assert (row["attempts"], row["requests"], row["retried_requests"]) == (4, 3, 1)
    assert row["retry_rate"] == 1 / 3
    # Between 2,000 and 10,000: half way; 95 % of the way; 99 %.
    times = [row[f"response_time_{p}_ms"] for p in ("p50", "p95", "p99")]
    assert times == [6000.0, 9600.0, 9920.0]


def litellm(call_id, second, status="success", trace="t1", **more):
    return {
        "id": call_id,
        "trace_id": trace,
        "startTime": 1782907200 + second,
        "endTime": 1782907200.5 + second,
        "status": status,
        "model": "acme/big",
        "custom_llm_provider": "acme",
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "metadata": {"spend_logs_metadata": {"use_case": "claims", "outcome_id": "o1"}} | more,
    }


def test_gateway_trace_is_one_request_until_it_succeeds(company):
    """Catches a conversation of several answers counted as one retried request."""
    failed = {"error_information": {"error_class": "RateLimitError"}}
    company.land(
        "litellm-eu/payload.jsonl",
        litellm("c3", 30),
        litellm("c1", 10, "failure", **failed),
        litellm("c2", 20),
        litellm("c4", 0, trace=None, attempted_retries=2),
    )
    result = company.compute()
    assert {a.attempt_id: a.request_id for a in result.attempts} == {"c1": "c1", "c2": "c1", "c3": "c3", "c4": "c4"}
    assert {r.request_id: r.retried for r in result.requests} == {"c1": True, "c3": False, "c4": True}
    assert {a.attempt_id: a.status for a in result.attempts}["c1"] == "rate_limited"


def test_attempts_that_a_gateway_billed_are_one_request(company):
    """Catches a retry inside a gateway counted as another request, and two failed calls joined."""
    company.land(
        "litellm/payload.jsonl",
        litellm("c1", 0, "failure", trace=None, attempted_retries=1),
        litellm("c1-attempt-0", 0, "failure", trace=None),
        litellm("c2", 1, "failure", trace=None),
    )
    requests = {a.attempt_id: a.request_id for a in company.compute().attempts}
    assert requests == {"c1": "c1", "c1-attempt-0": "c1", "c2": "c2"}


def test_same_id_in_two_sources_is_two_requests(company):
    company.attempt("a1", request_id="r1")
    company.attempt("a1", request_id="r1", source="inference-eu")
    assert len(company.compute().requests) == 2
