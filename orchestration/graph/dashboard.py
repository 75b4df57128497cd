"""The static dashboard, after the build that it shows is what readers see."""

import dagster as dg

from orchestration.graph.keys import DASHBOARD, PUBLISHED
from orchestration.graph.run_parameters import WriterLock
from orchestration.settings import get_settings


@dg.asset(
    key=DASHBOARD,
    group_name="publish",
    deps=[PUBLISHED],
    kinds={"html"},
    description="The pages that the reviews are held over: static files made from what is published, and nothing else. "
    "When they cannot be made the former ones stay and the publish stands.",
)
def dashboard(context: dg.AssetExecutionContext, writer_lock: WriterLock) -> dg.MaterializeResult:
    """Build and switch; whatever goes wrong is a warning, since the build is published already."""
    from orchestration.dashboard.site import build_site

    try:
        site = build_site(get_settings())
    except Exception as error:
        context.log.warning(
            f"the dashboard was not made ({type(error).__name__}: {error}); the former one stays. "
            "`finops dashboard` makes it again"
        )
        return dg.MaterializeResult(metadata={"error": type(error).__name__})
    return dg.MaterializeResult(
        metadata={"page": dg.MetadataValue.path(site.index), "publish_id": site.publish_id, "bytes": site.bytes}
    )
