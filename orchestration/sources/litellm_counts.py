"""LiteLLM's token counts under the names of all providers that it passes on, and whether they contradict each other."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from orchestration.ingest.reasons import Bad
from orchestration.ingest.values import integer
from orchestration.sources.iterations import extra_counts
from orchestration.sources.units import reasoning_is_outside

LONG_LIVED = "ephemeral_1h_input_tokens"
_LIFETIME = re.compile("ephemeral_([0-9]{1,6})([sm])_input_tokens")
_EMPTY: dict[str, Any] = {}
# Where the tokens of iterations belong: LiteLLM's prompt holds what was cached.
_ITERATED = {
    "input_tokens": ("prompt_tokens",),
    "cache_read_input_tokens": ("prompt_tokens", "cache_read_tokens"),
    "cache_creation_input_tokens": ("prompt_tokens", "cache_write_tokens"),
    "output_tokens": ("completion_tokens",),
}


class Usage(NamedTuple):
    """The parts of a row that its counts are read from; objects are empty where there is none."""

    row: dict[str, Any]
    usage: dict[str, Any]
    read: dict[str, Any]
    written: dict[str, Any]
    # What LiteLLM repeats of a usage in other words.
    repeated: dict[str, Any]
    lifetimes: dict[str, Any]
    status: Any

    @classmethod
    def of(cls, row: dict[str, Any], metadata: dict[str, Any], usage: dict[str, Any], status: Any) -> Usage:
        """Details are called by OpenAI's names for chat completions, or by those for responses and images."""
        read = inner(usage, "prompt_tokens_details") or inner(usage, "input_tokens_details")
        written = inner(usage, "completion_tokens_details") or inner(usage, "output_tokens_details")
        repeated = inner(metadata, "additional_usage_values")
        return cls(row, usage, read, written, repeated, _lifetimes(usage, read), status)


def inner(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """A member that is an object; else an empty one."""
    value = holder.get(name)
    return value if type(value) is dict else _EMPTY


def is_some(count: Any) -> bool:
    """Whether a clean count is above 0."""
    return type(count) is int and count > 0


def token_counts(stated: Usage) -> dict[str, Any]:
    """Counts as the row states them, and whether they contradict each other.

    Where an output leaves out its reasoning, or the counts what was used besides the answer, these are added.

    Raises:
        BadRow: a count of an iteration is none.
    """
    row, usage = stated.row, stated.usage
    prompt, completion = row.get("prompt_tokens"), row.get("completion_tokens")
    is_image_shape = not prompt and not completion and bool(usage.get("input_tokens") or usage.get("output_tokens"))
    if is_image_shape:
        prompt, completion = usage.get("input_tokens"), usage.get("output_tokens")
    elif stated.status == "failure":
        # A failed call that reports no tokens had none; a successful one must report them.
        prompt, completion = (0 if value is None else value for value in (prompt, completion))
    reads, writes = _stated_reads(stated), _stated_writes(stated)
    long_lived = stated.lifetimes.get(LONG_LIVED)
    whole_writes = first_count(*writes)
    written = whole_writes or first_count(whole_writes, None if long_lived else _short_lived(stated.lifetimes))
    counts: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "cache_read_tokens": first_count(*reads),
        "cache_write_tokens": _without_long_lived(written, long_lived, stated.lifetimes),
        "cache_write_1h_tokens": long_lived,
        "reasoning_tokens": first_count(stated.written.get("reasoning_tokens"), usage.get("reasoning_tokens")),
    }
    outside = _reasoning_outside(row, counts) if counts["reasoning_tokens"] else 0
    counts["usage_disagrees"] = (
        _total_disagrees(row, prompt, completion, outside)
        or _names_differ(reads)
        or _names_differ(writes)
        or (not is_image_shape and _differ(prompt, usage.get("prompt_tokens")))
        or (not is_image_shape and _differ(completion, usage.get("completion_tokens")))
        or (bool(stated.lifetimes) and _lifetimes_disagree(stated.lifetimes, whole_writes))
    )
    if outside:
        counts["completion_tokens"] = known(completion) + outside
    if usage.get("iterations"):
        for name, extra in extra_counts(usage, known(prompt), known(completion)).items():
            for column in _ITERATED[name]:
                counts[column] = known(counts[column]) + extra
    return counts


def known(count: Any) -> int:
    """A count; 0 where it is none."""
    found = integer(count, lenient=True)
    return found if type(found) is int else 0


def first_count(*counts: Any) -> Any:
    """The first count that is neither absent nor 0: some senders fill only one of several names and set the other
    to 0. Else 0 if it was stated, else None."""
    zero = None
    for count in counts:
        if count is not None:
            if count != 0:
                return count
            zero = 0
    return zero


def _stated_reads(stated: Usage) -> list[Any]:
    """Cache reads under all their names: in OpenAI's words, in Anthropic's and DeepSeek's, and as LiteLLM repeats
    these."""
    return [
        stated.read.get("cached_tokens"),
        stated.usage.get("cache_read_input_tokens"),
        stated.usage.get("prompt_cache_hit_tokens"),
        stated.repeated.get("cache_read_input_tokens"),
    ]


def _stated_writes(stated: Usage) -> list[Any]:
    """Cache writes of all lifetimes together, under all their names."""
    return [
        stated.read.get("cache_write_tokens"),
        stated.read.get("cache_creation_tokens"),
        stated.usage.get("cache_creation_input_tokens"),
        stated.repeated.get("cache_creation_input_tokens"),
    ]


def _lifetimes(usage: dict[str, Any], read: dict[str, Any]) -> dict[str, Any]:
    """Cache writes by how long they live."""
    found = (
        inner(read, "cache_creation_token_details")
        or inner(usage, "cache_creation_token_details")
        or inner(usage, "cache_creation")
    )
    return {name: count for name, count in found.items() if name.startswith("ephemeral_") and count is not None}


def _short_lived(lifetimes: dict[str, Any]) -> Any:
    """Cache writes of every lifetime but an hour; None where none is stated. What is no count is handed on as it is,
    and refused."""
    stated = [count for name, count in lifetimes.items() if name != LONG_LIVED]
    bad = next((count for count in stated if isinstance(integer(count), Bad)), None)
    return bad if bad is not None else sum(integer(count) or 0 for count in stated) if stated else None


def _without_long_lived(total: Any, long_lived: Any, lifetimes: dict[str, Any]) -> Any:
    """Cache writes of the short lifetime: the reported total holds both."""
    if long_lived is None:
        return total
    whole, part = integer(total), integer(long_lived)
    if isinstance(part, Bad) or isinstance(whole, Bad) or part is None:
        return total
    if whole is None:
        return _short_lived(lifetimes)
    # A part larger than the total comes out negative, which is refused as a bad number.
    return whole - part


def _reasoning_outside(row: dict[str, Any], counts: dict[str, Any]) -> int:
    """Reasoning that the completion leaves out."""
    reasoning = known(counts["reasoning_tokens"])
    is_outside = reasoning_is_outside(
        row.get("custom_llm_provider"),
        known(counts["prompt_tokens"]),
        known(counts["completion_tokens"]),
        reasoning,
        known(row.get("total_tokens")),
    )
    return reasoning if is_outside else 0


def _total_disagrees(row: dict[str, Any], prompt: Any, completion: Any, outside: int) -> bool:
    """Whether the row's own total is another than its input and output together, with or without the reasoning outside;
    False where it states none."""
    total = integer(row.get("total_tokens"))
    if type(total) is not int:
        return False
    whole = sum(count for value in (prompt, completion) if type(count := integer(value)) is int)
    return total not in (whole, whole + outside)


def _names_differ(names: list[Any]) -> bool:
    stated = [count for count in names if count]
    return len(stated) > 1 and len({count for count in map(integer, stated) if is_some(count)}) > 1


def _differ(one: Any, other: Any) -> bool:
    if one == other or other is None:
        return False
    counts = (integer(one), integer(other))
    return all(type(count) is int for count in counts) and counts[0] != counts[1]


def _lifetimes_disagree(lifetimes: dict[str, Any], whole_writes: Any) -> bool:
    """Whether the cache writes of the lifetimes are not what is written altogether, or some live longer than an hour,
    for which there is no price. Those of less than an hour are priced as five minutes are."""
    counts = {name: count for name, value in lifetimes.items() if type(count := integer(value)) is int}
    if any(count > 0 and _lives_beyond_an_hour(name) for name, count in counts.items()):
        return True
    whole = integer(whole_writes)
    # Long-lived ones alone leave the rest of the total to the short lifetime, and zeros alone say nothing.
    told = sum(counts.values()) if counts.keys() - {LONG_LIVED} else 0
    return is_some(whole) and told > 0 and whole != told


def _lives_beyond_an_hour(name: str) -> bool:
    """Also where the name does not tell."""
    match = _LIFETIME.fullmatch(name)
    return name != LONG_LIVED and not (match and int(match[1]) < (60 if match[2] == "m" else 3_600))
