"""One HTML file with everything in it: style, scripts and data; the content security policy names each by its hash.

Opened from disk there is no origin that a policy could name, so the hash of each block is what says that it is ours.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from string import Template
from typing import Any

PAGE_DIR = Path(__file__).parent / "page"
# In the order in which they use one another.
SCRIPTS = (
    "format.js", "data.js", "address.js", "dom.js", "chart.js", "figures.js", "costs.js", "overview.js", "use_case.js",
    "leaks.js", "playbook.js", "budgets.js", "budget_charts.js", "releases.js", "trust.js", "main.js",
)  # fmt: skip


def render_page(data: dict[str, Any], library: str) -> str:
    """The page for some data and a chart library (its JavaScript)."""
    style = _text("style.css")
    # In a function of their own, because the library's names are global.
    own = "(() => {\n" + '"use strict";\n' + "\n".join(_text(name) for name in SCRIPTS) + "})();\n"
    scripts = [_script_safe(library), own]
    policy = (
        f"default-src 'none'; script-src {' '.join(_hash(text) for text in scripts)}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return Template(_text("index.html")).substitute(
        policy=policy, style=style, library=scripts[0], script=own, data=to_embedded_json(data)
    )


# One encoder for all values: `json.dumps` makes a new one for each.
_encode = json.JSONEncoder(ensure_ascii=False).encode


def to_embedded_json(value: Any) -> str:
    """JSON that cannot end the element it stands in, nor a line of script; decimals keep their digits."""
    return (
        _json(value)
        .replace("&", "\\u0026")
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _json(value: Any) -> str:
    if value is None or isinstance(value, (bool, int, str)):
        return _encode(value)
    if isinstance(value, Decimal):
        return _number(value) if value.is_finite() else "null"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "null"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(_json, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{_encode(str(name))}:{_json(member)}' for name, member in value.items())}}}"
    if isinstance(value, (date, datetime)):
        return f'"{value.isoformat()}"'
    raise TypeError(f"{type(value).__name__} has no place in the page")


def _number(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _script_safe(script: str) -> str:
    """What a browser hashes: its parser turns every line end into one character before it does."""
    script = script.replace("\r\n", "\n").replace("\r", "\n")
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("the chart library cannot stand inside a page: it holds the end of a script element")
    return script


def _text(name: str) -> str:
    return (PAGE_DIR / name).read_text(encoding="utf-8")
