"""The policy as files: what a gateway reads must be complete, exact, and of the build beside it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import duckdb
import pytest
import yaml

from orchestration.build.ready import make_ready
from orchestration.publish.ledger import PublishRow
from orchestration.publish.policy import litellm_config, write_policy_files
from orchestration.publish.publish import publish_build
from orchestration.reference import PreparedReference

AT = datetime(2026, 9, 28, 6, tzinfo=UTC)
ROW = PublishRow("p1", "r1", AT, AT, "hash", 1, 1, "reference", "code")
TYPES = {
    "owner": str, "criticality": str, "day": str, "month": str, "is_premium_allowed": bool, "throttle_share": float,
    "is_experiment_allowed": bool, "reason": str, "budget_status": str, "spent_amount": str, "limit_amount": str,
}  # fmt: skip


def policy(use_case: str, **changes) -> dict:
    return {
        "use_case": use_case, "owner": "ana", "criticality": "mass", "is_premium_allowed": True, "throttle_share": 0.0,
        "is_experiment_allowed": False, "experiment_limit_amount": None, "usual_attempts_per_minute": 9.0,
    } | changes  # fmt: skip


MODELS = [
    {"provider": "google", "model": "big", "tier": "premium"},
    {"provider": "openai", "model": "small", "tier": "economy"},
]


def tags_of(config: dict, model: str) -> list[tuple[list[str], int | None]]:
    found = [d["litellm_params"] for d in config["model_list"] if d["model_name"] == model]
    return [(parameters["tags"], parameters.get("rpm")) for parameters in found]


def test_premium_deployments_carry_the_tags_of_those_who_may() -> None:
    """Catches a blocked use case that still reaches a premium model, or one that loses the cheap ones as well."""
    config = litellm_config([policy("free"), policy("blocked", is_premium_allowed=False)], MODELS)
    assert tags_of(config, "big") == [(["use_case:free"], None)]
    assert tags_of(config, "small") == [(["use_case:free", "use_case:blocked"], None)]
    assert config["router_settings"]["enable_tag_filtering"] is True
    parameters = config["model_list"][0]["litellm_params"]
    assert (parameters["model"], parameters["api_key"]) == ("gemini/big", "os.environ/GEMINI_API_KEY")


def test_a_model_that_nobody_may_use_is_open_to_nobody() -> None:
    """Catches a deployment without tags, which a proxy gives to everybody."""
    config = litellm_config([policy("blocked", is_premium_allowed=False)], MODELS)
    assert tags_of(config, "big") == [(["finops:closed"], None)]


def test_held_back_traffic_has_its_own_slower_deployments() -> None:
    """Catches a throttle that slows down everybody, or that lets nothing at all through."""
    held = policy("held", is_premium_allowed=False, throttle_share=0.5)
    rare = policy("rare", throttle_share=0.9, usual_attempts_per_minute=None)
    config = litellm_config([policy("free"), held, rare], MODELS)
    assert tags_of(config, "small") == [(["use_case:free"], None), (["use_case:held"], 4), (["use_case:rare"], 1)]
    assert tags_of(config, "big") == [(["use_case:free"], None), (["use_case:rare"], 1)]
    assert config["router_settings"]["optional_pre_call_checks"] == ["enforce_model_rate_limits"]
    ids = [deployment["model_info"]["id"] for deployment in config["model_list"]]
    assert len(ids) == len(set(ids))


def test_experiments_run_on_their_own_budget_only() -> None:
    """Catches an experiment that goes on without money, and one that production overspend stops or holds back."""
    config = litellm_config(
        [policy("u", is_premium_allowed=False, throttle_share=0.5, is_experiment_allowed=True), policy("spent")], MODELS
    )
    assert tags_of(config, "big") == [(["use_case:spent", "experiment_of:u"], None)]
    assert tags_of(config, "small") == [(["use_case:spent", "experiment_of:u"], None), (["use_case:u"], 4)]


def test_a_real_proxy_routes_by_it(tmp_path) -> None:
    """Catches a configuration that LiteLLM does not load, or loads and does not follow.

    LiteLLM is no dependency of this project; with it installed beside, the policy is loaded as its proxy does.
    """
    pytest.importorskip("litellm")
    from litellm.proxy.proxy_server import ProxyConfig

    policies = [
        policy("free"),
        policy("blocked", is_premium_allowed=False),
        policy("held", is_premium_allowed=False, throttle_share=0.9, is_experiment_allowed=True),
    ]
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump(litellm_config(policies, MODELS)), encoding="utf-8")
    (tmp_path / "proxy.yaml").write_text(f"include: [{file}]\n", encoding="utf-8")

    async def answers() -> dict[tuple[str, str], list[str]]:
        router, _, _ = await ProxyConfig().load_config(None, str(tmp_path / "proxy.yaml"))
        found = {}
        for model in ("big", "small"):
            for tag in ("use_case:free", "use_case:blocked", "use_case:held", "experiment_of:held", "use_case:no_such"):
                found[model, tag] = []
                for _ in range(2):
                    try:
                        await router.acompletion(
                            model, [{"role": "user", "content": "x"}], metadata={"tags": [tag]}, mock_response="ok",
                            num_retries=0,
                        )  # fmt: skip
                        found[model, tag].append("ok")
                    except Exception as error:
                        found[model, tag].append(type(error).__name__)
        return found

    assert asyncio.run(answers()) == {
        ("big", "use_case:free"): ["ok", "ok"],
        ("big", "use_case:blocked"): ["ValueError"] * 2,
        ("big", "use_case:held"): ["ValueError"] * 2,
        ("big", "experiment_of:held"): ["ok", "ok"],
        ("big", "use_case:no_such"): ["ValueError"] * 2,
        ("small", "use_case:free"): ["ok", "ok"],
        ("small", "use_case:blocked"): ["ok", "ok"],
        ("small", "use_case:held"): ["ok", "RateLimitError"],
        ("small", "experiment_of:held"): ["ok", "ok"],
        ("small", "use_case:no_such"): ["ValueError"] * 2,
    }


@pytest.fixture
def build(settings):
    """A build with a policy of two use cases, one of them named to do harm."""
    with duckdb.connect(str(settings.build_database)) as con:
        con.execute(
            "CREATE SCHEMA marts; CREATE TABLE marts.traffic_policy AS SELECT * FROM (VALUES"
            " ('u', 'ana', 'mass', DATE '2026-09-28', DATE '2026-09-01', false, 0.5::DOUBLE, true, 'why',"
            "  'hard', 96.000000000001::DECIMAL(38, 12), 100::DECIMAL(38, 12), 15::DECIMAL(38, 12), 9::DOUBLE),"
            " ('a\": {x}\n- !!python/object:os.system', 'ana', 'mass', DATE '2026-09-28', DATE '2026-09-01', true,"
            "  0::DOUBLE, false, 'why', 'no_budget', 0::DECIMAL(38, 12), NULL, NULL, NULL))"
            " AS t(use_case, owner, criticality, day, month, is_premium_allowed, throttle_share, is_experiment_allowed,"
            " reason, budget_status, spent_amount, limit_amount, experiment_limit_amount, usual_attempts_per_minute)"
        )
        con.execute(
            "CREATE TABLE marts.spend_daily AS SELECT DATE '2026-09-20' AS day, 'openai' AS provider, 'small' AS model,"
            " 'economy' AS tier"
        )
    return settings.build_database


def test_the_json_says_everything_in_its_type(settings, build, tmp_path) -> None:
    """Catches money as a double, a number as text, a missing key, and a name that breaks out of the file."""
    assert write_policy_files(build, tmp_path, settings, ROW) == ["traffic_policy.json", "traffic_policy.litellm.yaml"]
    document = json.loads((tmp_path / "traffic_policy.json").read_text(encoding="utf-8"))
    assert (document["version"], document["publish_id"], document["as_of"]) == (1, "p1", "2026-09-28T06:00:00+00:00")
    assert len(document["use_cases"]) == 2
    for name, entry in document["use_cases"].items():
        for field, kind in TYPES.items():
            assert type(entry[field]) is kind or (entry[field] is None and field == "limit_amount"), (name, field)
        assert 0 <= entry["throttle_share"] <= 1
    assert document["use_cases"]["u"]["spent_amount"] == "96.000000000001"
    config = yaml.safe_load((tmp_path / "traffic_policy.litellm.yaml").read_text(encoding="utf-8"))
    assert set(config) == {"model_list", "router_settings"}
    assert set(config["model_list"][0]) == {"model_name", "litellm_params", "model_info"}


def test_the_files_are_published_with_the_build(settings, build, tmp_path) -> None:
    """Catches a policy that is of another build than the marts, or that can be edited in place."""
    with duckdb.connect(str(settings.raw_database)) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("UPDATE control.run SET run_id = 'r1', as_of = ?, mode = 'full'", [AT])
    reference = PreparedReference(tmp_path, "reference", (), ())
    row = publish_build(settings, run_id="r1", checks_passed=1, reference=reference)
    link = settings.published_dir / "traffic_policy.json"
    assert link.is_symlink() and link.resolve().parent.name == row.publish_id
    assert link.resolve().stat().st_mode & 0o222 == 0
    assert json.loads(link.read_text(encoding="utf-8"))["publish_id"] == row.publish_id
    assert (settings.published_dir / "traffic_policy.litellm.yaml").exists()


def test_a_rebuild_remembers_who_was_told(settings, publish, outbox) -> None:
    """Catches a rebuild after which every owner is told everything again."""
    from orchestration.alerts.outbox import send_alerts

    publish([{}])
    send_alerts(settings)
    before = outbox()
    settings.published_database.unlink()
    make_ready(settings, fresh=True, label="test")
    assert outbox() == before
