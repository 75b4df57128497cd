"""The traffic policy as files: JSON for any gateway, and a configuration that a LiteLLM proxy can load."""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.publish.ledger import PublishRow
from orchestration.settings import Settings, project_vars
from orchestration.warehouse.database import open_database
from orchestration.warehouse.marts import mart_names

JSON_FILE = "traffic_policy.json"
LITELLM_FILE = "traffic_policy.litellm.yaml"
POLICY_FILES = (JSON_FILE, LITELLM_FILE)

# Our provider names are those of the price book; these are the ones that LiteLLM calls otherwise.
_LITELLM_PROVIDERS = {
    "aws": "bedrock",
    "google": "gemini",
    "x-ai": "xai",
    "together": "together_ai",
    "fireworks": "fireworks_ai",
}
# Bedrock takes its credentials from AWS's own variables.
_WITHOUT_KEY = frozenset({"bedrock"})
_HEADER = """\
# Traffic policy for a LiteLLM proxy, as of {as_of}; written anew by every publish, so do not edit it.
# Start the proxy with it, or add `include: [<path of this file>]` to the proxy's own configuration: its models are
# added to those there, its router_settings replace those there. Restart the proxy when it changes.
# Production requests carry the tag `use_case:<name>` (`x-litellm-tags`, or `tags` in the metadata), experiments
# `experiment_of:<use case>` instead; both name use_case and experiment in spend_logs_metadata for the logs.
# Premium deployments carry only the tags of use cases that may use them, and all of them only the experiments that may
# run. A held-back use case has deployments of its own with fewer requests a minute. A tag that no deployment carries is
# refused. A request without any tag is not held by this; neither is one that claims the tag of another.
"""


def write_policy_files(database: Path, folder: Path, settings: Settings, row: PublishRow) -> list[str]:
    """Write both files from the marts of a build; returns their names, none when the build has no policy.

    Args:
        database: the published database, or the one that is about to be.
        folder: where the files go; the folder is switched as a whole, so they need no care of their own.
        settings: limits of the connection.
        row: the publish that the files belong to.
    """
    with open_database(database, settings, read_only=True) as con:
        if "traffic_policy" not in mart_names(con):
            return []
        policies = _rows(con, "SELECT * FROM marts.traffic_policy ORDER BY use_case")
        models = _models(con, row.as_of)
    document = {
        "version": 1,
        "publish_id": row.publish_id,
        "as_of": row.as_of.isoformat(),
        "currency": project_vars().reporting_currency,
        "default_use_case": "unallocated",
        "use_cases": {policy.pop("use_case"): policy for policy in [dict(policy) for policy in policies]},
    }
    text = json.dumps(document, indent=1, default=_plain, ensure_ascii=True, allow_nan=False)
    (folder / JSON_FILE).write_text(text + "\n", encoding="utf-8")
    header = _HEADER.format(as_of=row.as_of.isoformat())
    config = yaml.safe_dump(litellm_config(policies, models), sort_keys=False, allow_unicode=False, width=120)
    (folder / LITELLM_FILE).write_text(header + config, encoding="utf-8")
    return list(POLICY_FILES)


def litellm_config(policies: list[dict[str, Any]], models: list[dict[str, Any]]) -> dict[str, Any]:
    """The policy in the keys that LiteLLM documents: tag-based routing and requests a minute.

    No deployment is tagged ``default``: it would serve the use cases that the others turn away. LiteLLM's budgets by
    tag are no part of this either: without an enterprise licence a proxy that is given one does not start.

    Args:
        policies: rows of ``traffic_policy``.
        models: ``provider``, ``model`` and ``tier`` of the models that were used lately.
    """
    free = [policy for policy in policies if not policy["throttle_share"]]
    throttled = [policy for policy in policies if policy["throttle_share"]]
    # Their budget is another one, so what production may use does not bind them.
    experiments = [f"experiment_of:{policy['use_case']}" for policy in policies if policy["is_experiment_allowed"]]
    deployments = []
    for model in models:
        is_premium = model["tier"] == "premium"
        tags = [_tag(policy["use_case"]) for policy in free if policy["is_premium_allowed"] or not is_premium]
        # A deployment without tags would serve everybody, so a model that is closed to all names a tag of nobody.
        deployments.append(_deployment(model, tags + experiments or ["finops:closed"]))
        for policy in throttled:
            if policy["is_premium_allowed"] or not is_premium:
                deployments.append(_deployment(model, [_tag(policy["use_case"])], _requests_per_minute(policy)))
    return {
        "model_list": deployments,
        "router_settings": {
            "enable_tag_filtering": True,
            "optional_pre_call_checks": ["enforce_model_rate_limits"],
        },
    }


def _deployment(model: dict[str, Any], tags: list[str], requests_per_minute: int | None = None) -> dict[str, Any]:
    provider = _LITELLM_PROVIDERS.get(model["provider"], model["provider"])
    parameters: dict[str, Any] = {"model": f"{provider}/{model['model']}"}
    if provider not in _WITHOUT_KEY:
        name = re.sub(r"[^A-Z0-9]", "_", provider.upper())
        parameters["api_key"] = f"os.environ/{name}_API_KEY"
    parameters["tags"] = tags
    if requests_per_minute is not None:
        parameters["rpm"] = requests_per_minute
    suffix = "" if requests_per_minute is None else f"/{tags[0]}"
    return {
        "model_name": model["model"],
        "litellm_params": parameters,
        "model_info": {"id": f"finops/{provider}/{model['model']}{suffix}"},
    }


def _requests_per_minute(policy: dict[str, Any]) -> int:
    usual = policy["usual_attempts_per_minute"] or 0
    return max(1, math.floor(usual * (1 - policy["throttle_share"])))


def _tag(use_case: str) -> str:
    return f"use_case:{use_case}"


def _models(con: duckdb.DuckDBPyConnection, as_of: datetime) -> list[dict[str, Any]]:
    if "spend_daily" not in mart_names(con):
        return []
    return _rows(
        con,
        "SELECT provider, model, max_by(tier, day) AS tier FROM marts.spend_daily WHERE day >= ?::DATE - 28"
        " AND provider IS NOT NULL AND model IS NOT NULL GROUP BY ALL ORDER BY ALL",
        [as_of.date()],
    )


def _rows(con: duckdb.DuckDBPyConnection, query: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
    cursor = con.execute(query, parameters or [])
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        # Text keeps every digit; a JSON number would be read as a double.
        return f"{value:f}"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in the policy")
