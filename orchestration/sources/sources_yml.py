"""What ``sources.yml`` says of sources, on top of the defaults in ``places.yml`` or its declaration."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, create_model

from orchestration.settings import Settings
from orchestration.sources.registry import SOURCES

DEFAULT_FILE = Path(__file__).with_name("places.yml")
Places: type[BaseModel] = create_model(
    "Places",
    __config__=ConfigDict(extra="forbid", frozen=True),
    __doc__="Places of all gateways and desks, and units of providers' reports: what each source declares.",
    **{name: (type(family.places), family.places) for name, family in SOURCES.items() if family.places},
)


class PlacesError(ValueError):
    """``sources.yml`` cannot be used; the text names the file and what is wrong."""


class _NoDuplicates(yaml.SafeLoader):
    """YAML in which a key stated twice is an error instead of the last one winning."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


@lru_cache(maxsize=1)
def _defaults() -> dict:
    declared = {name: family.places.model_dump(mode="json") for name, family in SOURCES.items() if family.places}
    return declared | yaml.safe_load(DEFAULT_FILE.read_text(encoding="utf-8"))


def load_places(settings: Settings) -> BaseModel:
    """The places in force: the package's ``places.yml``, overridden by ``$FINOPS_HOME/sources.yml`` where it exists.

    Raises:
        PlacesError: the override is not valid.
    """
    merged = {gateway: dict(places) for gateway, places in _defaults().items()}
    override = settings.home / "sources.yml"
    if not override.exists():
        return Places.model_validate(merged)
    try:
        own = yaml.load(override.read_text(encoding="utf-8"), Loader=_NoDuplicates) or {}
        Places.model_validate(own)
        for gateway, places in own.items():
            for name, value in places.items():
                stated = merged[gateway].get(name)
                # Places of one field leave those of the others as they are.
                both = isinstance(value, dict) and isinstance(stated, dict)
                merged[gateway][name] = {**stated, **value} if both else value
        return Places.model_validate(merged)
    except (yaml.YAMLError, ValueError, AttributeError, TypeError) as error:
        raise PlacesError(f"{override}: {error}") from error
