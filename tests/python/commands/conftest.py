"""A warehouse small enough to publish in a moment."""

from helpers.small_build import make_build, reference, settings

__all__ = ["make_build", "reference", "settings"]
