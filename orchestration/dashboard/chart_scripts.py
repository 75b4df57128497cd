"""The scripts that draw charts: Vega, as `vl-convert-python` carries it; no copy in the project, nothing from the net.

Vega draws SVG and can interpret its expressions instead of compiling them, so the page's policy need not allow `eval`.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

from orchestration.settings import Settings
from orchestration.warehouse.files import write_text_if_changed

PACKAGE = "vl-convert-python"
_BUNDLE = "import sys, vl_convert; sys.stdout.buffer.write(vl_convert.javascript_bundle().encode())"


def chart_scripts(settings: Settings) -> str:
    """JavaScript that defines `vegaEmbed`. Bundling takes seconds, so the result is kept in the state folder."""
    kept = settings.home / "dashboard" / f"vega-{version(PACKAGE)}.js"
    if kept.exists():
        return kept.read_text(encoding="utf-8")
    # In a process of its own: the package brings a whole JavaScript engine, whose memory nobody needs afterwards.
    done = subprocess.run([sys.executable, "-c", _BUNDLE], capture_output=True, check=False)
    script = done.stdout.decode("utf-8")
    if done.returncode != 0 or "vegaEmbed" not in script:
        raise RuntimeError(f"{PACKAGE} did not give its scripts: {done.stderr.decode(errors='replace')[-500:].strip()}")
    write_text_if_changed(kept, script)
    for old in kept.parent.glob("vega-*.js"):
        if old != kept:
            old.unlink(missing_ok=True)
    return script
