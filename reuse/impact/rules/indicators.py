"""Figures beside carbon, raw material and insertion work, and what of any count may be published."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from importlib import resources

from reuse.impact.rules.factors import FactorSet

SMALLEST_PUBLISHED_COUNT = 5  # open data: counts under five are suppressed (house method, impact)


class InsertionStructure(StrEnum):
    """The kinds of insertion company for which the method says how many hours make one full-time post."""

    ACI = "aci"
    EI = "ei"


@dataclass(frozen=True, slots=True)
class PublishedCounts:
    """Counts fit for open data: None stands for a figure that is withheld."""

    counts: Mapping[str, int | None]
    total: int | None


def raw_material_kg(category: str, *, factors: FactorSet, years: Decimal, home: bool = False) -> Decimal | None:
    """Return the kg of raw material that a device avoids over so many years, or None where ADEME publishes none."""
    factor = factors.factor_for(category, home=home)
    if factor is None or factor.raw_material_kg_per_year is None:
        return None
    return factor.raw_material_kg_per_year * years


def full_time_equivalents(hours: Decimal, structure: InsertionStructure) -> Decimal:
    """Return how many full-time posts so many hours of insertion work make (paid in an ACI, worked in an EI)."""
    text = (resources.files("reuse") / "data" / "impact" / "insertion_hours.json").read_text(encoding="utf-8")
    return hours / Decimal(json.loads(text)["hours_per_full_time"][structure.value])


def suppress_small_counts(counts: Mapping[str, int], *, smallest: int = SMALLEST_PUBLISHED_COUNT) -> PublishedCounts:
    """Withhold every count under `smallest`, and the next count where the others and the total would give it away.

    One withheld cell is the total less the rest; withheld cells that are all nought or all at the limit can be told
    from their sum. Then the smallest published cell is withheld too, and where there is none left, the total.
    """
    withheld = {name for name, count in counts.items() if count < smallest}
    everything = sum(counts.values())
    total_shown = everything >= smallest or not withheld
    if withheld and total_shown and _told_by_sum([counts[name] for name in withheld], smallest):
        rest = sorted((count, name) for name, count in counts.items() if name not in withheld)
        if rest:
            withheld.add(rest[0][1])
        else:
            total_shown = False
    return PublishedCounts(
        counts={name: None if name in withheld else count for name, count in counts.items()},
        total=everything if total_shown else None,
    )


def _told_by_sum(hidden: list[int], smallest: int) -> bool:
    return len(hidden) == 1 or sum(hidden) in {0, len(hidden) * (smallest - 1)}
