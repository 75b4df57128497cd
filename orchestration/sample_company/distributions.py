"""Random draws with the shapes of published production traces.

Token lengths are log-normal. Two published traces give the parameters, fitted by their quartiles (the median is
``exp(mu)``, the interquartile range of the logarithm is 1.349 sigma):

* *code*: Azure LLM inference trace 2023, code service (Patel et al., Splitwise, ISCA 2024; CC-BY-4.0): context median
  1469 tokens with quartiles 578 and 2745, generated median 13 with quartiles 9 and 24.
* *conversation*: Mooncake conversation trace (Qin et al., 2024; Apache-2.0), first thousand requests: context median
  8431 with quartiles 2885 and 17453, generated median 365 with quartiles 165 and 491.

A use case states its own medians, some as multiples of these, and its own spread, mostly narrower: one team's work
varies less than a provider's whole traffic. Arrivals are Poisson in each hour; the rate follows working hours and falls
at weekends, the shape that the week-long Azure LLM traces of 2024 show. Latency is log-normal and grows linearly with
the output length, since decoding is sequential.
"""

from __future__ import annotations

import math
from random import Random

CODE_CONTEXT = (1469, 1.15)
CODE_OUTPUT = (13, 0.73)
CONVERSATION_CONTEXT = (8431, 1.33)
CONVERSATION_OUTPUT = (365, 0.81)

# Share of a day's arrivals by UTC hour; each sums to about 1.
OFFICE_HOURS = (
    0.004, 0.003, 0.003, 0.003, 0.005, 0.012, 0.030, 0.062, 0.090, 0.098, 0.092, 0.078,
    0.068, 0.082, 0.088, 0.082, 0.066, 0.046, 0.030, 0.022, 0.016, 0.010, 0.006, 0.004,
)  # fmt: skip
AROUND_THE_CLOCK = (
    0.020, 0.016, 0.014, 0.014, 0.017, 0.024, 0.034, 0.046, 0.056, 0.060, 0.060, 0.058,
    0.056, 0.058, 0.058, 0.056, 0.054, 0.053, 0.053, 0.051, 0.046, 0.040, 0.032, 0.024,
)  # fmt: skip
NIGHT_BATCH = (
    0.100, 0.160, 0.200, 0.160, 0.100, 0.040, 0.010, 0.010, 0.010, 0.010, 0.010, 0.010,
    0.010, 0.010, 0.010, 0.010, 0.010, 0.010, 0.010, 0.010, 0.010, 0.020, 0.030, 0.060,
)  # fmt: skip


def poisson(rng: Random, mean: float) -> int:
    """A Poisson count (Knuth's product method, so the mean should be below about 100)."""
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count


def length(rng: Random, median: float, sigma: float, ceiling: int = 180_000) -> int:
    """A log-normal number of tokens, at least 1; the ceiling stands for the model's context window."""
    return max(1, min(ceiling, round(median * math.exp(sigma * rng.gauss(0.0, 1.0)))))


def latency_ms(rng: Random, output_tokens: int, ms_per_token: float) -> int:
    """Milliseconds until the whole answer was there."""
    return max(80, round((420 + ms_per_token * output_tokens) * math.exp(0.28 * rng.gauss(0.0, 1.0))))


def weighted(rng: Random, weights: dict[str, float]) -> str:
    """A key, drawn with its weight."""
    return rng.choices(list(weights), list(weights.values()))[0]


class Stratified:
    """Yes or no with a share that holds within every block of draws: two periods compare without sampling noise."""

    def __init__(self, rng: Random, share: float, block: int = 100) -> None:
        self._rng, self._share, self._block = rng, share, block
        self._rest = 0.0
        self._left: list[bool] = []

    def __call__(self) -> bool:
        if not self._left:
            wanted = self._share * self._block + self._rest
            count = round(wanted)
            self._rest = wanted - count
            self._left = [True] * count + [False] * (self._block - count)
            self._rng.shuffle(self._left)
        return self._left.pop()
