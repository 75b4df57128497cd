"""dbt's documentation with its lineage as one static page, from the manifest that the nightly run has made anyway.

`dbt docs generate --static` starts dbt again, for seconds, to write the same two documents into the same page; here
they are put in directly. The manifest is cut down to what the page shows: with every macro and test it would be twice
as large.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from orchestration.build.dbt import ensure_manifest
from orchestration.dashboard.page import to_embedded_json
from orchestration.settings import Settings

_MANIFEST_PLACE = '"MANIFEST.JSON INLINE DATA"'
_CATALOG_PLACE = '"CATALOG.JSON INLINE DATA"'
# Read by nobody who looks at the page, and most of the manifest's size.
_DROPPED = (
    "compiled_code", "compiled_path", "checksum", "relation_name", "unrendered_config", "build_path", "contract",
    "created_at", "doc_blocks", "extra_ctes", "extra_ctes_injected", "metrics", "functions", "primary_key",
    "constraints", "time_spine", "unrendered_config_call_dict", "config_call_dict", "deferred", "refs", "sources",
    "language", "root_path",
)  # fmt: skip

_OF_TESTS = (
    "unique_id", "name", "alias", "resource_type", "package_name", "fqn", "depends_on", "column_name", "test_metadata",
    "original_file_path", "tags", "description", "attached_node",
)  # fmt: skip


def lineage_page(settings: Settings) -> str:
    """dbt's page with the project's models, columns, exposures and lineage in it.

    Raises:
        LookupError: dbt's page no longer has the places to put them.
    """
    page = files("dbt.task.docs").joinpath("index.html").read_text(encoding="utf-8")
    if _MANIFEST_PLACE not in page or _CATALOG_PLACE not in page:
        raise LookupError("the page of this dbt has no place for the documentation")
    manifest = slim_manifest(json.loads(ensure_manifest(settings).read_text(encoding="utf-8")))
    catalog = {"metadata": manifest["metadata"], "nodes": {}, "sources": {}, "errors": None}
    # Placeholders of dbt's own build and template that a browser would try to load as files.
    page = page.replace("""<link rel="shortcut icon" href="${require('./assets/favicons/favicon.ico')}"/>""", "")
    page = page.replace('<use xlink:href="{{ getIcon', '<use ng-attr-xlink:href="{{ getIcon')
    page = page.replace(_MANIFEST_PLACE, to_embedded_json(manifest)).replace(_CATALOG_PLACE, to_embedded_json(catalog))
    policy = (
        "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
        "img-src data:; font-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
    # dbt's page is full of inline handlers; it shows the project's own text only, and still must not call anybody.
    return re.sub(r"<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{policy}">', page, count=1)


def slim_manifest(manifest: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of a manifest: models, seeds, sources and exposures with their columns; tests without SQL."""
    nodes = {
        name: _slim(node)
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed", "test")
    }
    return manifest | {
        "metadata": {**manifest["metadata"], "env": {}},
        "nodes": nodes,
        "sources": {name: _slim(node) for name, node in manifest["sources"].items()},
        "macros": {},
        "unit_tests": {},
        "child_map": {},
        "disabled": {},
    }


def _slim(node: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in node.items() if name not in _DROPPED}
    if Path(node.get("original_file_path", "")).is_absolute():
        # Checked reference data lies in the state folder, and where that is concerns nobody who reads the page.
        kept["original_file_path"] = f"seeds/{Path(node['original_file_path']).name}"
    if node["resource_type"] == "test":
        # Hundreds of them; the page shows that a column is tested, not how.
        kept = {name: value for name, value in kept.items() if name in _OF_TESTS} | {"raw_code": "", "config": {}}
    if "columns" in kept:
        kept["columns"] = {
            # The page shows the type that the catalog of a database would tell; ours stands in the contract.
            name: {key: column.get(key) for key in ("name", "description", "tags")} | {"type": column.get("data_type")}
            for name, column in node["columns"].items()
        }
    return kept
