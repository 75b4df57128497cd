"""Names of the assets that other assets refer to."""

import dagster as dg

LEDGER = dg.AssetKey("ledger")
REFERENCE = dg.AssetKey(["reference", "checked"])
PLAN = dg.AssetKey(["plan", "rebuild_days"])
PUBLISHED = dg.AssetKey("published")
ALERTS = dg.AssetKey("alerts")
DASHBOARD = dg.AssetKey("dashboard")


def landing_key(family: str) -> dg.AssetKey:
    return dg.AssetKey(["landing", family])


def raw_key(family: str) -> dg.AssetKey:
    return dg.AssetKey(["raw", family])
