"""What a price grid would have changed, had it been in force: the same devices priced by it, and nothing written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reuse.catalogue.rules import Priced, legal_cap, price_of
from reuse.errors import Conflict

EXAMPLES = 5
"""Devices named for each class, and for each thing that stands out."""


@dataclass(frozen=True, slots=True)
class Offers:
    """Past offers that are alike in all that a price depends on; `example` is one of their devices."""

    category: str
    score: int
    legal_basis: str
    as_gift: bool
    price_minor: int
    count: int
    example: str


@dataclass(slots=True)
class Change:
    """What becomes of the offers of one category that fall into one class of the grid."""

    category: str
    price_class: str
    devices: int = 0
    cheaper: int = 0
    dearer: int = 0
    before_minor: int = 0
    after_minor: int = 0
    over_cap: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@dataclass(slots=True)
class Trial:
    """The whole of a trial; `without_price` are offers that the grid has no price for, which could not be listed."""

    changes: dict[tuple[str, str], Change] = field(default_factory=dict[tuple[str, str], Change])
    without_price: int = 0
    examples_without_price: list[str] = field(default_factory=list[str])
    over_cap: int = 0
    examples_over_cap: list[str] = field(default_factory=list[str])


def try_grid(grid: Mapping[str, Any], offers: Sequence[Offers], country: str) -> Trial:
    """Return what the grid would change for past offers; a gift stays a gift, and the legal caps hold as always.

    `over_cap` counts those for which the grid says more than the law allows, and which the cap would lower.
    """
    trial = Trial()
    for one in offers:
        cap = legal_cap(one.category, one.legal_basis, country)
        try:
            price = price_of(one.category, one.score, one.legal_basis, grid=grid, cap=cap, as_gift=one.as_gift)
        except Conflict:
            trial.without_price += one.count
            _keep(trial.examples_without_price, one.example)
            continue
        change = trial.changes.setdefault((one.category, price.price_class), Change(one.category, price.price_class))
        _count(change, one, price)
        if any(line.kind == "cap" for line in price.explanation):
            change.over_cap += one.count
            trial.over_cap += one.count
            _keep(trial.examples_over_cap, one.example)
    return trial


def _count(change: Change, offers: Offers, price: Priced) -> None:
    before, after = offers.price_minor, price.amount_minor
    change.devices += offers.count
    change.before_minor += before * offers.count
    change.after_minor += after * offers.count
    change.cheaper += offers.count if after < before else 0
    change.dearer += offers.count if after > before else 0
    if before != after and len(change.examples) < EXAMPLES:
        change.examples.append({"device_id": offers.example, "before_minor": before, "after_minor": after})


def _keep(examples: list[str], device_id: str) -> None:
    if len(examples) < EXAMPLES:
        examples.append(device_id)
