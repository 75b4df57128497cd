"""The calls of one use case over the thirteen weeks: requests, their attempts, retries, fallbacks and cache answers."""

from __future__ import annotations

import math
from random import Random

from orchestration.sample_company.company import END_MS, START_MS, Model, Regime, UseCase
from orchestration.sample_company.distributions import latency_ms, length, poisson, weighted
from orchestration.sample_company.records import DAY_MS, HOUR_MS, SECOND_MS, Attempt, Outcome, time_of

_FAILURES = {"rate_limited": 0.45, "timeout": 0.33, "error": 0.22}
_REPEATED_QUESTIONS = 40
_CLAUDE = ("anthropic", "aws")


class Traffic:
    """Generates the attempts and outcomes of one use case; two objects with the same arguments agree."""

    def __init__(self, case: UseCase, seed: int, scale: float) -> None:
        self.case = case
        self.rng = Random(f"traffic:{seed}:{case.name}")
        self.scale = scale
        self.attempts: list[Attempt] = []
        self.outcomes: list[Outcome] = []
        self._answered: dict[str, list[int]] = {}
        self._count = 0

    def run(self) -> None:
        """Fill ``attempts`` and ``outcomes``, both in order of the outcome's start."""
        case = self.case
        for day_ms in range(START_MS, END_MS, DAY_MS):
            weekday = time_of(day_ms).weekday()
            factor = case.weekend if weekday >= 5 else 1.0
            for start_ms in sorted(self._arrivals(day_ms, case.outcomes_per_day * self.scale * factor)):
                self._outcome(start_ms)

    def _arrivals(self, day_ms: int, mean: float) -> list[int]:
        rng, hours = self.rng, self.case.hours
        if self.case.steady:
            # A Poisson process given its count: the hours are drawn, the day's number is not left to chance.
            drawn = rng.choices(range(24), hours, k=max(0, round(mean * (1 + 0.03 * rng.gauss(0, 1)))))
        else:
            drawn = [hour for hour, share in enumerate(hours) for _ in range(poisson(rng, mean * share))]
        return [day_ms + hour * HOUR_MS + rng.randrange(HOUR_MS) for hour in drawn]

    def regime(self, at_ms: int) -> Regime:
        """The regime in force at an instant."""
        return [regime for regime in self.case.regimes if regime.start_ms <= at_ms][-1]

    def _id(self, kind: str) -> str:
        self._count += 1
        return f"{self.case.code}-{kind}-{self._count:06d}{self.rng.getrandbits(24):06x}"

    def _outcome(self, start_ms: int) -> None:
        case, rng = self.case, self.rng
        regime = self.regime(start_ms)
        task_class = weighted(rng, case.class_mix)
        outcome_id = None if rng.random() < case.no_outcome_share else self._id("o")
        requests = 1 + poisson(rng, case.requests_per_outcome - 1)
        invalid = rng.random() < regime.invalid_share
        clock, answered = start_ms, False
        for _ in range(requests):
            if clock >= END_MS:
                break
            clock, answered = self._request(clock, outcome_id, task_class, regime, invalid)
            ended = clock
            clock += round(rng.lognormvariate(math.log(75), 0.8)) * SECOND_MS
        if outcome_id is not None:
            self.outcomes.append(Outcome(outcome_id, case.name, task_class, start_ms, ended, answered, invalid))

    def _prompt(self, task_class: str) -> tuple[str, bool]:
        if self.rng.random() < self.case.repeat_share.get(task_class, 0.0):
            # Few questions make up most repetition: the square pulls the draw towards the first ones.
            number = int(_REPEATED_QUESTIONS * self.rng.random() ** 2)
            return f"{self.case.code}-ph-faq-{task_class}-{number:02d}", True
        return f"{self.case.code}-ph-{self.rng.getrandbits(64):016x}", False

    def _already_answered(self, prompt_hash: str, at_ms: int) -> bool:
        """Whether a model answered this prompt within the cache lifetime; answers still to come do not count."""
        lifetime = self.case.cache_lifetime_hours * HOUR_MS
        # Outcomes overlap by minutes, so the newest answers may lie ahead; a few of the last suffice.
        return any(0 <= at_ms - ended < lifetime for ended in self._answered.get(prompt_hash, [])[-20:])

    def _model(self, task_class: str, regime: Regime) -> Model:
        if task_class != "A" and self.rng.random() < regime.premium_share:
            return regime.routing["A"]
        return regime.routing[task_class]

    def _request(
        self, start_ms: int, outcome_id: str | None, task_class: str, regime: Regime, invalid: bool
    ) -> tuple[int, bool]:
        """One request with its retries; returns when it ended and whether it was answered."""
        case, rng = self.case, self.rng
        prompt_hash, repeated = self._prompt(task_class)
        request_key = self._id("r")
        model = self._model(task_class, regime)
        already = self._already_answered(prompt_hash, start_ms)
        need = length(rng, case.context[task_class], case.context_sigma)
        if case.clips_context:
            need = min(need, case.context_limit[task_class])
        context = round(need * regime.context_factor)
        output = length(rng, case.output[task_class], case.output_sigma, 16_000)
        base = Attempt(
            attempt_id="", request_key=request_key, retry_of=None, outcome_id=outcome_id, use_case=case.name,
            task_class=task_class, provider=model[0], model=model[1], service_tier=case.service_tier,
            started_ms=start_ms, ended_ms=start_ms, status="success", prompt_hash=prompt_hash,
            repeated_prompt=repeated and already,
            input_valid=not invalid, can_wait=case.can_wait, release_id=regime.release_id,
        )  # fmt: skip
        if regime.semantic_cache and repeated and already:
            hit = self._add(base, start_ms, start_ms + rng.randrange(25, 90), "success")
            hit.cache_hit, hit.input_tokens, hit.output_tokens = True, context, output
            return hit.ended_ms, True
        if invalid and regime.blocks_invalid and rng.random() < 0.6:
            blocked = self._add(base, start_ms, start_ms + rng.randrange(20, 60), "blocked")
            return blocked.ended_ms, False
        return self._attempts(base, context, output, regime)

    def _attempts(self, base: Attempt, context: int, output: int, regime: Regime) -> tuple[int, bool]:
        case, rng = self.case, self.rng
        clock, previous, fail_share = base.started_ms, None, regime.fail_share
        for number in range(4):
            if number == 2 and case.fallback is not None:
                base.provider, base.model = case.fallback
            if number < 3 and rng.random() < fail_share:
                status, took = self._failure()
                attempt = self._add(base, clock, clock + took, status, previous)
                if status != "rate_limited":
                    self._fill(attempt, context, rng.randrange(0, output + 1) if status == "timeout" else 0)
                fail_share = 0.22
                if number == 2 or (number == 1 and rng.random() < 0.25):
                    return attempt.ended_ms, False
                previous = attempt.attempt_id
                clock = attempt.ended_ms + rng.randrange(400, 9_000)
                continue
            took = latency_ms(rng, output, case.ms_per_token)
            attempt = self._add(base, clock, clock + took, "success", previous)
            self._fill(attempt, context, output)
            self._answered.setdefault(attempt.prompt_hash, []).append(attempt.ended_ms)
            return attempt.ended_ms, True
        raise AssertionError("the loop always returns")

    def _failure(self) -> tuple[str, int]:
        status = weighted(self.rng, _FAILURES)
        if status == "timeout":
            return status, 30 * SECOND_MS + self.rng.randrange(500)
        return status, self.rng.randrange(90, 1_800)

    def _add(self, base: Attempt, start_ms: int, end_ms: int, status: str, retry_of: str | None = None) -> Attempt:
        attempt = Attempt(
            self._id("a"), base.request_key, retry_of, base.outcome_id, base.use_case, base.task_class, base.provider,
            base.model, base.service_tier, start_ms, end_ms, status, prompt_hash=base.prompt_hash,
            repeated_prompt=base.repeated_prompt, input_valid=base.input_valid, can_wait=base.can_wait,
            experiment=base.experiment, release_id=base.release_id,
        )  # fmt: skip
        self.attempts.append(attempt)
        return attempt

    def _fill(self, attempt: Attempt, context: int, output: int) -> None:
        """Spread the context over the exclusive token buckets of the provider that was called."""
        case, rng = self.case, self.rng
        prefix = round(context * case.prefix_share) if attempt.provider in _CLAUDE else 0
        attempt.input_tokens = context - prefix
        written = rng.random() < 0.07
        if not written:
            attempt.cache_read_tokens = prefix
        elif case.code in ("cod", "clm") and rng.random() < 0.5:
            attempt.cache_write_1h_tokens = prefix
        else:
            attempt.cache_write_tokens = prefix
        attempt.output_tokens = output
        attempt.reasoning_tokens = round(output * case.reasoning_share)
