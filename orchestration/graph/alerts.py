"""Alerts of crossed budgets, after the build that found them is what readers see."""

import dagster as dg

from orchestration.alerts.outbox import send_alerts
from orchestration.graph.keys import ALERTS, PUBLISHED
from orchestration.graph.run_parameters import WriterLock
from orchestration.settings import get_settings


@dg.asset(
    key=ALERTS,
    group_name="publish",
    deps=[PUBLISHED],
    kinds={"webhook"},
    description="One alert per crossing of a budget: written to the outbox, then sent. A receiver that is down fails "
    "no run; the next one tries again.",
)
def alerts(context: dg.AssetExecutionContext, writer_lock: WriterLock) -> dg.MaterializeResult:
    """Queue and send; whatever goes wrong is a warning, since the build is published already."""
    try:
        report = send_alerts(get_settings())
    except Exception as error:
        # The kind only: an error of the network may hold the address, which is a secret.
        context.log.warning(f"alerts were not sent ({type(error).__name__}); the next run tries again")
        return dg.MaterializeResult(metadata={"error": type(error).__name__})
    if report.failures:
        context.log.warning(f"alerts: {report.sentence()}")
    return dg.MaterializeResult(
        metadata={"queued": report.queued, "sent": report.sent, "waiting": report.waiting, "told": report.sentence()}
    )
