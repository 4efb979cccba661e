"""What goes along with a device: the coded list, what is laid out for a category, and what a legal cap supposes."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast

from reuse.donations.rules import load_price_caps
from reuse.errors import Fault


@dataclass(frozen=True, slots=True)
class Accessory:
    """So many of one kind; `serial` of a thing that has one."""

    kind: str
    quantity: int
    serial: str | None = None


@cache
def _data() -> dict[str, Any]:
    text = (resources.files("reuse") / "data" / "accessories.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


def accessory_kinds() -> Mapping[str, Mapping[str, str]]:
    """Return the coded list: titles by kind, in French and English."""
    return cast("Mapping[str, Mapping[str, str]]", _data()["kinds"])


def go_with(category: str, *, bundle_kind: str | None = None, together: Collection[str] = ()) -> dict[str, int]:
    """Return what is laid out with a device of this category.

    `together` are the categories of the other parts of its bundle, of which this is the main one: a desktop set without
    keyboard and mouse among its devices has them as accessories.
    """
    found = dict(cast("Mapping[str, int]", _data()["go_with"].get(category, {})))
    more = _data()["with_a_bundle"].get(bundle_kind) if bundle_kind else None
    if more is not None and more["without"] not in together:
        found |= more["accessories"]
    return found


def kind_faults(accessories: Iterable[Accessory]) -> tuple[Fault, ...]:
    """Return where an accessory's kind is none of the coded list."""
    known = accessory_kinds()
    return tuple(
        Fault(f"/accessories/{place}/kind", "accessory_kind", f"An accessory is one of {', '.join(known)}.")
        for place, one in enumerate(accessories)
        if one.kind not in known
    )


def lacking(sold_under_cap: Iterable[str], country: str, accessories: Iterable[Accessory]) -> Counter[str]:
    """Return what the legal cap supposes of devices of these categories and what is not among the accessories.

    France: the caps of decree 2022-1413 are for working equipment with its charger (spec/law.md, maximum prices).
    """
    supposed: Mapping[str, Collection[str]] = load_price_caps().get(country, {}).get("accessories", {})
    wanted = Counter(kind for category in sold_under_cap for kind in supposed.get(category, ()))
    given = Counter[str]()
    for one in accessories:
        given[one.kind] += one.quantity
    return wanted - given
