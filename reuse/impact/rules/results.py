"""What a device handed over again avoids, against buying a new one: exact, traceable, always three numbers.

The method is the house's (ADEME factors, see `reuse/data/impact/`):

    gross_year = (construction + assembly_distribution + end_of_life) / life_new
    R          = (gross_year - net_year) * N_ref
    avoided    = d * gross_year * N  -  R  -  dE * N * electricity(country)

Every figure is kgCO2e as a Decimal. It is "avoided against buying new", never a carbon credit, and a negative result
stays negative.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from reuse.errors import Conflict, Invalid
from reuse.impact.rules.factors import FactorSet

GRAM = Decimal("0.001")
_EXACT = Context(prec=40, rounding=ROUND_HALF_UP)  # our own context: a caller's precision must not change a result


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is assumed of one device: years of further use, share of new purchases replaced, electricity, known costs.

    `None` means the method's default: the category's years, and R derived from ADEME's net figure.
    `refurbishment` is the measured one-off cost in kgCO2e, parts included.
    """

    extra_years: Decimal | None = None
    displacement_low: Decimal = Decimal("0.5")
    displacement_central: Decimal = Decimal(1)
    refurbishment: Decimal | None = None
    extra_kwh: Decimal = Decimal(0)
    country: str = "FR"
    home: bool = False


DEFAULT_SCENARIO = Scenario()


@dataclass(frozen=True, slots=True)
class DeviceImpact:
    """One device's line of a report, to the gram; `times` is -1 for the entry that corrects a return."""

    category: str
    factor_set: str
    factor: str | None
    n_years: Decimal
    low: Decimal
    central: Decimal
    high: Decimal
    covered: bool
    times: int = 1


@dataclass(frozen=True, slots=True)
class ImpactTotal:
    """The sum of lines of one factor set; devices without a factor are counted by category, never taken as zero."""

    factor_set: str | None
    devices: int
    covered: int
    low: Decimal
    central: Decimal
    high: Decimal
    not_covered: Mapping[str, int]


def avoided(
    category: str,
    *,
    factors: FactorSet,
    extra_years: Decimal | None = None,
    displacement: Decimal = Decimal(1),
    refurbishment: Decimal | None = None,
    extra_kwh: Decimal = Decimal(0),
    country: str = "FR",
    home: bool = False,
) -> Decimal:
    """Return the kgCO2e that one device avoids, unrounded; Invalid `not_covered` where the set has no factor for it.

    The terms are put over one denominator and divided once, so that a result that ends (most do) is exact.
    """
    factor = factors.factor_for(category, home=home)
    if factor is None:
        raise Invalid(f"The factor set {factors.id} has no factor for the category {category}.", code="not_covered")
    years = factor.extra_years_default if extra_years is None else extra_years
    with localcontext(_EXACT):
        replaced = displacement * factor.new_device * years
        electricity = _electricity(factors, country=country, kwh=extra_kwh * years)
        if refurbishment is not None:
            return replaced / factor.life_new_years - refurbishment - electricity
        reference = factor.extra_years_default
        gross = replaced - factor.new_device * reference
        return gross / factor.life_new_years + factor.net_avoided_per_year * reference - electricity


def _electricity(factors: FactorSet, *, country: str, kwh: Decimal) -> Decimal:
    """Return the kgCO2e of so many kWh; a country is only asked for where there is electricity to count."""
    if kwh == 0:
        return Decimal(0)
    if country not in factors.electricity:
        raise Invalid(
            f"The factor set {factors.id} has no electricity factor for {country}.", code="electricity_unknown"
        )
    return kwh * factors.electricity[country]


def low_central_high(
    category: str, *, factors: FactorSet, scenario: Scenario = DEFAULT_SCENARIO
) -> tuple[Decimal, Decimal, Decimal]:
    """Return the three numbers for one device, unrounded.

    High is ADEME's best yearly reduction of the category over the years of use (study of September 2022). Electricity
    that the scenario counts is taken off it as off the others, and where a measured cost or a long life puts the
    central figure above it, or no range is published, high is the central figure.
    """
    low = _with_displacement(category, factors=factors, scenario=scenario, displacement=scenario.displacement_low)
    central = _with_displacement(
        category, factors=factors, scenario=scenario, displacement=scenario.displacement_central
    )
    factor = factors.factor_for(category, home=scenario.home)
    if factor is None or factor.best_reduction is None:
        return low, central, central
    years = factor.extra_years_default if scenario.extra_years is None else scenario.extra_years
    with localcontext(_EXACT):
        best = factor.best_reduction * factor.new_device * years / factor.life_new_years
        best -= _electricity(factors, country=scenario.country, kwh=scenario.extra_kwh * years)
    return low, central, max(best, central)


def _with_displacement(category: str, *, factors: FactorSet, scenario: Scenario, displacement: Decimal) -> Decimal:
    return avoided(
        category,
        factors=factors,
        extra_years=scenario.extra_years,
        displacement=displacement,
        refurbishment=scenario.refurbishment,
        extra_kwh=scenario.extra_kwh,
        country=scenario.country,
        home=scenario.home,
    )


def device_impact(category: str, *, factors: FactorSet, scenario: Scenario = DEFAULT_SCENARIO) -> DeviceImpact:
    """Return one device's line: whole grams, so that the lines of a report add up to its total to the gram."""
    factor = factors.factor_for(category, home=scenario.home)
    if factor is None:
        nothing = Decimal(0)
        return DeviceImpact(category, factors.id, None, nothing, nothing, nothing, nothing, covered=False)
    years = factor.extra_years_default if scenario.extra_years is None else scenario.extra_years
    low, central, high = (
        rounded(value, GRAM) for value in low_central_high(category, factors=factors, scenario=scenario)
    )
    return DeviceImpact(category, factors.id, factor.name, years, low, central, high, covered=True)


def reverse(entry: DeviceImpact) -> DeviceImpact:
    """Return the correcting entry for a return within warranty: the same line, taken away."""
    return replace(
        entry,
        low=entry.low.copy_negate(),
        central=entry.central.copy_negate(),
        high=entry.high.copy_negate(),
        times=-entry.times,
    )


def total(entries: Iterable[DeviceImpact]) -> ImpactTotal:
    """Add lines up; Conflict `factor_sets_mixed` where they come from different sets, which are never one sum."""
    lines = list(entries)
    sets = {line.factor_set for line in lines}
    if len(sets) > 1:
        names = ", ".join(sorted(sets))
        raise Conflict(f"Results of different factor sets are never added up: {names}.", code="factor_sets_mixed")
    missing: Counter[str] = Counter()
    for line in lines:
        if not line.covered:
            missing[line.category] += line.times
    covered = [line for line in lines if line.covered]
    with localcontext(_EXACT):
        return ImpactTotal(
            factor_set=next(iter(sets), None),
            devices=sum(line.times for line in lines),
            covered=sum(line.times for line in covered),
            low=sum((line.low for line in covered), Decimal(0)),
            central=sum((line.central for line in covered), Decimal(0)),
            high=sum((line.high for line in covered), Decimal(0)),
            not_covered={category: count for category, count in sorted(missing.items()) if count},
        )


def rounded(value: Decimal, step: Decimal = Decimal("0.1")) -> Decimal:
    """Round for showing: half away from zero, so that a correcting entry shows the very figure that it takes away.

    This is the only rounding in the feature: `step` is the gram on a device's line, 0.1 or 0.01 kg on a page.
    """
    return value.quantize(step, rounding=ROUND_HALF_UP, context=_EXACT)
