"""Reading the workshop's tables of rules, which are data that a lead can read (`reuse/data/`)."""

import json
from functools import cache
from importlib import resources
from typing import Any, cast


@cache
def read_table(name: str) -> dict[str, Any]:
    """Return one table, read once."""
    text = (resources.files("reuse") / "data" / name).read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))
