"""Fields of landed rows, written in few words."""

from __future__ import annotations

from orchestration.ingest.frames import Field


def fields(text: str, **allowed: frozenset[str]) -> tuple[Field, ...]:
    """``name:kind`` separated by blanks, ``!`` after a needed one, ``?`` after a label; names in ``allowed`` hold
    listed words."""
    fields = []
    for item in text.split():
        name, _, kind = item.rstrip("!?").partition(":")
        words = allowed.get(name, frozenset())
        fields.append(Field(name, kind or "text", item.endswith("!"), words, is_label=item.endswith("?")))
    return tuple(fields)
