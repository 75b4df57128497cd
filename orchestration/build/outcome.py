"""How a run ended, for whoever started it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class RunOutcome:
    """How a run ended: what failed and why, and the publish that readers see now."""

    success: bool
    failures: list[str] = field(default_factory=list)
    published: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What a run that went well has done."""
        publish_id = self.published.get("publish_id", "")
        return f"published {publish_id}" if self.published.get("is_new") else f"nothing new since {publish_id}"
