"""Factor sets: immutable, versioned files (`reuse/data/impact/`), read with every number as a decimal."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Factor:
    """One row of a factor set: what a new device costs over its life, in kgCO2e, and how long it lives, in years."""

    name: str
    construction: Decimal
    assembly_distribution: Decimal
    end_of_life: Decimal
    life_new_years: Decimal
    net_avoided_per_year: Decimal
    net_basis: str
    extra_years_default: Decimal
    best_reduction: Decimal | None
    raw_material_kg_per_year: Decimal | None
    mass_kg_median: Decimal | None

    @property
    def new_device(self) -> Decimal:
        """What making, bringing and ending one new device emits, in kgCO2e."""
        return self.construction + self.assembly_distribution + self.end_of_life


@dataclass(frozen=True, slots=True)
class FactorSet:
    """An immutable, versioned file of factors; a new edition is a new file and id, and old reports keep theirs."""

    id: str
    version: int
    unit: str
    valid_from: str
    sources: Mapping[str, str]
    electricity: Mapping[str, Decimal]
    e_waste_kg_per_year_computer: Decimal
    factors: Mapping[str, Factor]

    def factor_for(self, category: str, *, home: bool = False) -> Factor | None:
        """Return the row of a category, or None where the set does not cover it.

        A desktop takes the professional row unless the donor says that it served at home.
        """
        name = f"{category}_home" if home and f"{category}_home" in self.factors else category
        return self.factors.get(name)


@cache
def load_factor_sets() -> Mapping[str, FactorSet]:
    """Return every factor set that is shipped, by id; numbers are read as decimals straight from the text."""
    folder = resources.files("reuse") / "data" / "impact"
    files = sorted(
        (entry for entry in folder.iterdir() if entry.name.startswith("factor_set.")), key=lambda entry: entry.name
    )
    sets = [parse_factor_set(entry.read_text(encoding="utf-8")) for entry in files]
    return {one.id: one for one in sets}


def parse_factor_set(text: str) -> FactorSet:
    """Read one factor set from its JSON text."""
    document = cast("dict[str, Any]", json.loads(text, parse_float=Decimal))
    return FactorSet(
        id=document["id"],
        version=document["version"],
        unit=document["unit"],
        valid_from=document["valid_from"],
        sources=document["sources"],
        electricity={country: Decimal(value) for country, value in document["electricity_kgco2e_per_kwh"].items()},
        e_waste_kg_per_year_computer=Decimal(document["e_waste_kg_per_year_computer"]),
        factors={name: _parse_factor(name, row) for name, row in document["categories"].items()},
    )


def _parse_factor(name: str, row: dict[str, Any]) -> Factor:
    span = row["reduction_range"]
    return Factor(
        name=name,
        construction=Decimal(row["construction"]),
        assembly_distribution=Decimal(row["assembly_distribution"]),
        end_of_life=Decimal(row["end_of_life"]),
        life_new_years=Decimal(row["life_new_years"]),
        net_avoided_per_year=Decimal(row["net_avoided_per_year"]),
        net_basis=row["net_basis"],
        extra_years_default=Decimal(row["extra_years_default"]),
        best_reduction=None if span is None else Decimal(span[1]),
        raw_material_kg_per_year=_optional(row["raw_material_kg_per_year"]),
        mass_kg_median=_optional(row["mass_kg_median"]),
    )


def _optional(value: int | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(value)
