"""What an assumption about a lever may say: which parameters a lever has, and what their values may be."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.reference.checks import Tables
from orchestration.reference.csv_file import Problem
from orchestration.reference.specs import MODEL_TIERS
from orchestration.reference.values import parse_decimal, parse_integer

# Parameter: levers that have it, and whether it may differ by use case and task class.
_PARAMETERS: dict[str, tuple[frozenset[str], bool]] = {
    "share": (
        frozenset({"routing", "context_limits", "semantic_cache", "batching", "guardrails", "quality_gate", "budgets"}),
        True,
    ),
    "returned_share": (frozenset({"guardrails"}), True),
    "target": (frozenset({"routing"}), True),
    "limit_tokens": (frozenset({"context_limits"}), True),
    "window_days": (frozenset({"all"}), False),
    "observation_days": (frozenset({"all"}), False),
    "minimum_outcomes": (frozenset({"all"}), False),
}
# Guardrails, the gate and budgets act on whole outcomes or releases, which have no class of their own.
_WITHOUT_CLASS = frozenset({"guardrails", "quality_gate", "budgets"})
# Less than a week is a weekday; more than a year is another business.
_WINDOW_DAYS = (7, 366)
_WHOLE_NUMBERS = {
    "limit_tokens": (1, 1_000_000_000),
    "window_days": _WINDOW_DAYS,
    "observation_days": _WINDOW_DAYS,
    "minimum_outcomes": (1, 1_000_000_000),
}


def lever_problems(tables: Tables) -> Iterator[Problem]:
    """Problems of `lever_assumptions` that neither a column nor a key can state."""
    table = tables["lever_assumptions"]
    models = {
        (record.values["provider"], record.values["model"])
        for name in ("model_prices", "price_overrides", "models")
        for record in tables[name].rows
    }
    for record in table.rows:
        values = record.values
        known = _PARAMETERS.get(values["parameter"])
        if known is None:
            continue
        levers, by_use_case = known
        if values["lever"] not in levers:
            reason = f"{values['lever']} has no {values['parameter']}; it is a parameter of {', '.join(sorted(levers))}"
            yield Problem(table.file, record.line, "parameter", reason)
            continue
        if not by_use_case and (values["use_case"] or values["task_class"]):
            reason = f"{values['parameter']} holds for all scenarios; leave use_case and task_class empty"
            yield Problem(table.file, record.line, "use_case", reason)
        if values["task_class"] and values["lever"] in _WITHOUT_CLASS:
            reason = f"{values['lever']} is not told apart by task class; leave it empty"
            yield Problem(table.file, record.line, "task_class", reason)
        problem = _value_problem(values["parameter"], values["value"], models)
        if problem:
            yield Problem(table.file, record.line, "value", problem)


def _value_problem(parameter: str, value: str, models: set[tuple[str, str]]) -> str | None:
    if parameter == "target":
        if value in MODEL_TIERS:
            return None
        provider, _, model = value.partition("/")
        # A price book that is not there yet is no reason to refuse a name.
        if not model or (models and (provider, model) not in models):
            return f"is {value!r}; must be {', '.join(MODEL_TIERS)} or provider/model of the price book"
        return None
    try:
        if parameter in _WHOLE_NUMBERS:
            low, high = _WHOLE_NUMBERS[parameter]
            number = parse_integer(value)
            return None if low <= number <= high else f"is {number}; must lie between {low} and {high}"
        return None if 0 <= parse_decimal(value, 9) <= 1 else f"is {value}; a share lies between 0 and 1"
    except ValueError as error:
        return str(error)
