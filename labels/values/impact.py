from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from labels.values.common import CountLine, Imprint


@dataclass(frozen=True)
class ThreeFigures:
    """Low, central and high, in kgCO2e; never one without the others."""

    low: Decimal
    central: Decimal
    high: Decimal


@dataclass(frozen=True)
class ImpactRow:
    """One device: its category's factor (gross kgCO2e a year), years of further use N, and the three results.

    `times` is -1 where a return takes a hand-over back, so that devices are counted as their kilograms are.
    """

    code: str
    category: str
    factor: Decimal
    years: Decimal
    result: ThreeFigures
    times: int = 1


@dataclass(frozen=True)
class Indicator:
    """A figure beside carbon, with its unit, already in words."""

    label: str
    value: str


@dataclass(frozen=True)
class ImpactReport:
    """Emissions avoided against buying new, traced device by device; rows must add up to `total` exactly."""

    imprint: Imprint
    scope: str
    period_from: date
    period_to: date
    factor_set: str
    factor_source: str
    total: ThreeFigures
    rows: tuple[ImpactRow, ...]
    not_covered: tuple[CountLine, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    remarks: tuple[str, ...] = ()
