"""Which model may read which: staging, intermediate, facts, marts, each only what stands on its own floor or below."""

from __future__ import annotations

from dataclasses import dataclass

from .engine import Engine

FLOORS = (("staging",), ("intermediate",), ("facts",), ("facts", "days"), ("marts",), ("semantic",))
LONGEST_CHAIN = 16
# What one question reads of another, and why it is no fact; ten at most.
BETWEEN_QUESTIONS = {
    ("budget_reallocation", "use_case_daily"): "money goes where an accepted outcome costs least, as the owners see it",
    ("int_driver_days", "int_attempt_parts"): "a cost moves by the parts of an attempt that leaks are cut from",
    ("int_lever_budgets", "owner_budget_burn"): "what the lever saves is the overspend that the burn tells",
    ("int_use_case_evidence", "forecast_backtest"): "a forecast counts as evidence once it was tested",
    ("int_use_case_evidence", "leaks_daily"): "routing and limits are judged by what still leaks",
    ("int_use_case_evidence", "owner_budget_burn"): "the forecast shown as evidence is the one owners are shown",
    ("maturity", "gate_verdicts"): "a gate counts once it has judged a release",
    ("playbook_progress", "gate_verdicts"): "a release is gated when its verdict and checklist say so",
    ("playbook_progress", "top_leaks"): "the three largest leaks are those of the ranking",
}


@dataclass(frozen=True)
class Model:
    """``folders``: where it stands below models."""

    folders: tuple[str, ...]
    parents: frozenset[str]

    @property
    def floor(self) -> int:
        """Position in FLOORS; the steps of facts stand with the facts."""
        return max(i for i, floor in enumerate(FLOORS) if self.folders[: len(floor)] == floor)

    @property
    def question(self) -> str | None:
        """The folder below marts, with its steps."""
        return self.folders[1] if self.folders[0] == "marts" else None


def refs_up(models: dict[str, Model]) -> list[str]:
    """References to a model of a floor above the reader's own."""
    return [
        f"{name} reads {parent}"
        for name, model in models.items()
        for parent in sorted(model.parents)
        if models[parent].floor > model.floor
    ]


def refs_between_questions(models: dict[str, Model]) -> set[tuple[str, str]]:
    """Pairs of a model of one question and a model of another that it reads."""
    return {
        (name, parent)
        for name, model in models.items()
        for parent in model.parents
        if model.question and models[parent].question not in (None, model.question)
    }


def longest_chain(models: dict[str, Model]) -> list[str]:
    """The models of the longest way from a model that reads none."""
    chains: dict[str, list[str]] = {}

    def chain_to(name: str) -> list[str]:
        if name not in chains:
            chains[name] = [*max(map(chain_to, sorted(models[name].parents)), key=len, default=[]), name]
        return chains[name]

    return max(map(chain_to, models), key=len)


def _models(engine: Engine) -> dict[str, Model]:
    nodes = {key: node for key, node in engine.nodes.items() if node["resource_type"] == "model"}
    parents = {key: node["depends_on"]["nodes"] for key, node in nodes.items()}
    return {
        node["name"]: Model(tuple(node["fqn"][1:-1]), frozenset(nodes[p]["name"] for p in parents[key] if p in nodes))
        for key, node in nodes.items()
    }


def test_no_model_reads_a_floor_above(engine: Engine) -> None:
    """Mistake caught: a rule for facts that is built from them, a fact that waits for a mart."""
    models = _models(engine)
    assert len(models) > 100
    assert refs_up(models) == []


def test_questions_read_each_other_only_where_it_is_said(engine: Engine) -> None:
    """Mistake caught: a mart that is built from another question's steps, so that neither can change alone."""
    assert refs_between_questions(_models(engine)) == set(BETWEEN_QUESTIONS)
    assert len(BETWEEN_QUESTIONS) <= 10


def test_no_chain_is_longer_than_a_run_can_follow(engine: Engine) -> None:
    """Mistake caught: one more step between two models where a named step inside one of them would do."""
    assert len(longest_chain(_models(engine))) <= LONGEST_CHAIN


def test_broken_rules_are_found() -> None:
    """Mistake caught: the checks above seeing nothing."""
    staged = Model(("staging", "native"), frozenset())
    house = {
        "stg": staged,
        "fact": Model(("facts",), frozenset({"stg"})),
        "fact_step": Model(("facts", "steps"), frozenset({"fact"})),
        "day": Model(("facts", "days"), frozenset({"fact_step"})),
        "step": Model(("marts", "leaks", "steps"), frozenset({"day"})),
        "leaks": Model(("marts", "leaks"), frozenset({"step", "fact"})),
    }
    assert (refs_up(house), refs_between_questions(house)) == ([], set())
    assert longest_chain(house) == ["stg", "fact", "fact_step", "day", "step", "leaks"]
    rule = Model(("intermediate", "prices"), frozenset({"fact"}))
    early = Model(("facts",), frozenset({"day"}))
    assert refs_up(house | {"rule": rule, "early": early}) == ["rule reads fact", "early reads day"]
    other = Model(("marts", "budgets"), frozenset({"step", "day"}))
    assert refs_between_questions(house | {"other": other}) == {("other", "step")}
