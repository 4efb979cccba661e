"""What a load weighs and takes up before anybody has weighed it, and whether a vehicle carries it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Load:
    """So many devices, their mass in kilograms and their packed volume in cubic metres: estimated, never weighed."""

    devices: int
    mass_kg: Decimal
    volume_m3: Decimal

    def __add__(self, other: "Load") -> "Load":
        return Load(self.devices + other.devices, self.mass_kg + other.mass_kg, self.volume_m3 + other.volume_m3)


NOTHING = Load(0, Decimal(0), Decimal(0))


@cache
def figures() -> dict[str, tuple[Decimal, Decimal]]:
    """Mass (kg) and packed volume (m³) of one device by category, from `reuse/data/loads.json` with its sources."""
    folder = resources.files("reuse.data")
    own = json.loads(folder.joinpath("loads.json").read_text("utf-8"), parse_float=Decimal)["categories"]
    known = json.loads(folder.joinpath("categories.json").read_text("utf-8"), parse_float=Decimal)["categories"]
    return {
        category: (
            Decimal(known[category]["mass_kg_median"] if row["mass_kg"] is None else row["mass_kg"]),
            Decimal(row["packed_m3"]),
        )
        for category, row in own.items()
    }


def load_of(counts: Mapping[str, int]) -> Load:
    """The estimated load of so many devices by category."""
    known = figures()
    return Load(
        devices=sum(counts.values()),
        mass_kg=sum((known[category][0] * count for category, count in counts.items()), Decimal(0)),
        volume_m3=sum((known[category][1] * count for category, count in counts.items()), Decimal(0)),
    )


def fits(load: Load, *, payload_kg: float, volume_m3: float) -> bool:
    """Whether a vehicle of this payload and loading volume carries the load."""
    return load.mass_kg <= Decimal(str(payload_kg)) and load.volume_m3 <= Decimal(str(volume_m3))


def in_words(load: Load) -> str:
    """The load in a sentence of a refusal: rounded, since it is an estimate."""
    return f"about {load.mass_kg:,.0f} kg and {load.volume_m3:,.1f} m³"
