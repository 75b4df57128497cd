"""What one run was asked to do, given once and read by every step."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import dagster as dg
from pydantic import Field

from orchestration.build.night import Night
from orchestration.instants import parse_instant
from orchestration.settings import get_settings
from orchestration.warehouse.lock import writer_lock


class RunParameters(dg.ConfigurableResource):
    """The parameters of a run; in the launchpad under resources, run_parameters."""

    as_of: str | None = Field(
        default=None,
        description="compute everything as of this instant (ISO 8601 with offset); default: when the run was created",
    )
    days: list[str] = Field(default=[], description="days to rebuild besides those that new rows touch (ISO dates)")
    fresh: bool = Field(default=False, description="load everything again from landing into a new warehouse")
    full_audit: bool = Field(default=False, description="dbt tests look at every row, not only at days built again")

    def instant(self, context) -> datetime:
        """The run's as-of, the same for every step and every retry."""
        if self.as_of:
            return parse_instant(self.as_of)
        record = context.instance.get_run_record_by_id(context.run.run_id)
        if record is None:
            raise ValueError("this run is not recorded anywhere; give as_of")
        return record.create_timestamp.astimezone(UTC)

    def night(self, context) -> Night:
        """The night that the run is."""
        return Night(
            get_settings(),
            context.run.run_id,
            self.instant(context),
            days=tuple(self.chosen_days()),
            fresh=self.fresh,
            full_audit=self.full_audit,
        )

    def chosen_days(self) -> list[date]:
        """Days that were asked for by name.

        Raises:
            ValueError: one is not an ISO date.
        """
        return sorted({date.fromisoformat(day) for day in self.days})


class WriterLock(dg.ConfigurableResource):
    """Held for the whole run, so that a second run ends at once instead of mixing its writes.

    A step that reads or writes the warehouse asks for it, and needs to do nothing with it.
    """

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["WriterLock"]:
        """Take the lock when the run starts and give it back when the run ends."""
        settings = get_settings()
        settings.make_folders()
        with writer_lock(settings):
            yield self
