"""What a scale may say, and how the mass of a lot is shared out. Source of the figures: reuse/data/masses.json."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from reuse.devices.rules import categories
from reuse.errors import Fault, Invalid


class Weighed(StrEnum):
    """What stood on the scale."""

    DEVICE = "device"
    LOT = "lot"
    CONTAINER = "container"
    DONATION = "donation"


class MassSource(StrEnum):
    """Whether a device's mass was read for it alone, or shared out of a common weighing."""

    MEASURED = "measured"
    APPORTIONED = "apportioned"


@dataclass(frozen=True, slots=True)
class OnScale:
    """A device of a weighing; `measured_grams` where it was weighed by itself before, which stands."""

    id: str
    category: str
    measured_grams: int | None = None


@cache
def masses() -> dict[str, Any]:
    """Return the plausible and typical masses by category, in kilograms."""
    return json.loads(resources.files("reuse.data").joinpath("masses.json").read_text("utf-8"))


def typical_grams(category: str) -> int:
    """Return what a device of the category usually weighs, by which a lot is shared out."""
    median = categories()[category]["mass_kg_median"]
    return round(1000 * (median if median is not None else masses()["device_kg_typical"][category]))


def most_grams(weighed: Weighed, things: Sequence[OnScale]) -> int:
    """Return more than what stood on the scale can weigh: a reading above is a slip of the comma or of the unit."""
    whole = {Weighed.CONTAINER: masses()["container_kg_max"], Weighed.DONATION: masses()["lot_kg_max"]}
    known = sum(masses()["device_kg_max"][one.category] for one in things)
    limit = whole.get(weighed, masses()["lot_kg_max"])
    if not things:
        return 1000 * limit
    tare = masses()["tare_kg_max"] if weighed is Weighed.CONTAINER else 0
    return 1000 * min(limit, known + tare)


def check_mass(weighed: Weighed, grams: int, things: Sequence[OnScale]) -> None:
    """Refuse nothing, less than nothing, and more than is possible; the unit is named, for it is the usual slip."""
    most = most_grams(weighed, things)
    if 0 < grams <= most:
        return
    if grams <= 0:
        sentence = f"{grams} g is no mass; read the scale again, and send grams."
    else:
        sentence = (
            f"{grams / 1000:,.1f} kg is more than this {weighed} can weigh ({most / 1000:,.1f} kg at most); check the "
            "comma and the unit, and send grams."
        )
    raise Invalid(sentence, code="impossible_mass", errors=(Fault("/mass_grams", "impossible_mass", sentence),))


def net_of(grams: int, tare_grams: int | None, *, is_container: bool) -> int:
    """What is left of a reading without the container; Invalid for a tare below nothing, or one that leaves none."""
    if tare_grams is None:
        return grams
    if is_container and 0 <= tare_grams < grams:
        return grams - tare_grams
    sentence = "tare_grams is what an empty container weighs, less than it weighs full; say it with container_id only."
    raise Invalid(sentence, code="impossible_mass", errors=(Fault("/tare_grams", "impossible_mass", sentence),))


def apportion(grams: int, things: Sequence[OnScale]) -> Mapping[str, int]:
    """Share the mass of a lot out over its devices, by what their categories usually weigh; whole grams that add up.

    Devices weighed by themselves keep their mass, the others share the rest (largest remainder). Invalid where nothing
    is left to share.
    """
    open_ = [one for one in things if one.measured_grams is None]
    rest = grams - sum(one.measured_grams or 0 for one in things)
    if not open_:
        return {}
    if rest < len(open_):
        sentence = (
            f"The devices of this lot that were weighed by themselves weigh {(grams - rest) / 1000:,.3f} kg already, "
            f"and the lot only {grams / 1000:,.3f} kg; weigh again what is wrong."
        )
        raise Invalid(sentence, code="impossible_mass", errors=(Fault("/mass_grams", "impossible_mass", sentence),))
    weights = [typical_grams(one.category) for one in open_]
    total = sum(weights)
    spare = rest - len(open_)  # a gram for each first: nothing weighs nothing
    shares = [1 + spare * weight // total for weight in weights]
    left = rest - sum(shares)
    order = sorted(range(len(open_)), key=lambda place: (-(spare * weights[place] % total), place))
    for place in order[:left]:
        shares[place] += 1
    return {one.id: share for one, share in zip(open_, shares, strict=True)}
