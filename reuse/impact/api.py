from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody, QueryParameter
from pydantic import Field
from sqlmodel import Session

from reuse import clock
from reuse.cursors import cut_list
from reuse.impact.actions import known_factor_set, order_report
from reuse.impact.queries import Entry, Scope, entries, kilos
from reuse.impact.rules import DeviceImpact, FactorSet, load_factor_sets, total
from reuse.people.rules import Caller
from reuse.web import Answer, Page, Shape, door, job_accepted, page_of

Since = Annotated[date | None, QueryParameter(name="from")]


class ThreeShape(Shape):
    """Low, central and high, in kgCO2e avoided against buying new; never a carbon credit."""

    low: float
    central: float
    high: float


class CategoryShape(Shape):
    """What one category brings to the sum; `kg_co2e` is null where the factor set does not cover it."""

    category: str
    devices: int
    kg_co2e: ThreeShape | None


class ImpactShape(Shape):
    """The impact of the hand-overs in scope, with its factor set; `not_covered` counts devices without a factor."""

    factor_set: str
    devices: int
    kg_co2e: ThreeShape
    by_category: list[CategoryShape]
    not_covered: dict[str, int]
    entries_url: str


class EntryShape(Shape):
    """One device's line: the lines add up to the total to the gram. `times` is -1 for a return within warranty."""

    device_id: UUID
    code: str
    handover: str
    at: datetime
    category: str
    factor: str | None
    n_years: float
    times: int
    kg_co2e: ThreeShape | None


class FactorShape(Shape):
    """The factors of one category, in kgCO2e a device; years of life and of further use."""

    construction: float
    assembly_distribution: float
    end_of_life: float
    life_new_years: float
    net_avoided_per_year: float
    net_basis: str
    extra_years_default: float


class FactorSetShape(Shape):
    """An immutable, versioned set of factors with its sources."""

    id: str
    version: int
    unit: str
    valid_from: str
    sources: dict[str, str]
    electricity_kgco2e_per_kwh: dict[str, float]
    categories: dict[str, FactorShape]


class ReportIn(Shape):
    """What the report is about; what is left out is not restricted. Days are included."""

    donation_id: UUID | None = None
    donor_id: UUID | None = None
    network_id: UUID | None = None
    workshop_id: UUID | None = None
    territory_id: UUID | None = None
    since: date | None = Field(default=None, alias="from")
    until: date | None = Field(default=None, alias="to")
    language: Literal["fr", "en"] = "fr"
    factor_set: str | None = None


def _three(found: list[DeviceImpact]) -> ThreeShape | None:
    summed = total(found)
    if found and not summed.covered:
        return None
    return ThreeShape(low=kilos(summed.low), central=kilos(summed.central), high=kilos(summed.high))


def _impact_shape(found: list[Entry], factors: FactorSet, query: str) -> ImpactShape:
    impacts = [entry.impact for entry in found]
    summed = total(impacts)
    groups: dict[str, list[DeviceImpact]] = {}
    for impact in impacts:
        groups.setdefault(impact.category, []).append(impact)
    return ImpactShape(
        factor_set=factors.id,
        devices=summed.devices,
        kg_co2e=ThreeShape(low=kilos(summed.low), central=kilos(summed.central), high=kilos(summed.high)),
        by_category=[
            CategoryShape(category=name, devices=sum(one.times for one in group), kg_co2e=_three(group))
            for name, group in sorted(groups.items())
        ],
        not_covered=dict(summed.not_covered),
        entries_url=f"/v1/impact/entries{query}",
    )


def scope_of(
    donation_id: FromQuery[UUID | None] = None,
    donor_id: FromQuery[UUID | None] = None,
    network_id: FromQuery[UUID | None] = None,
    workshop_id: FromQuery[UUID | None] = None,
    territory_id: FromQuery[UUID | None] = None,
    from_: Since = None,
    to: FromQuery[date | None] = None,
) -> Scope:
    """What the query restricts the count to."""
    return Scope(donation_id, donor_id, network_id, workshop_id, territory_id, from_, to)


SCOPED = {"counted": Provide(scope_of, sync_to_thread=False)}


@door("GET", "/v1/impact", dependencies=SCOPED)
def show_impact(
    session: Session, caller: Caller, counted: NamedDependency[Scope], factor_set: FromQuery[str | None] = None
) -> ImpactShape:
    """What the hand-overs that the caller may see have avoided, low, central and high."""
    factors = known_factor_set(factor_set, clock.now())
    return _impact_shape(entries(session, caller, counted, factors), factors, _query(counted, factors))


def _query(scope: Scope, factors: FactorSet) -> str:
    named = {"from" if name == "since" else "to" if name == "until" else name: v for name, v in asdict(scope).items()}
    asked = {name: str(value) for name, value in named.items() if value is not None}
    return "?" + urlencode({**asked, "factor_set": factors.id})


@door("GET", "/v1/impact/entries", dependencies=SCOPED)
def list_impact_entries(
    session: Session,
    caller: Caller,
    counted: NamedDependency[Scope],
    factor_set: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[EntryShape]:
    """The lines that add up to the impact, one a device, in the order of time."""
    factors = known_factor_set(factor_set, clock.now())
    cut = cut_list(entries(session, caller, counted, factors), limit=limit, cursor=cursor)
    return page_of(cut, _entry_shape)


def _entry_shape(entry: Entry) -> EntryShape:
    impact = entry.impact
    return EntryShape(
        device_id=entry.device_id,
        code=entry.code,
        handover=entry.handover_number,
        at=entry.at,
        category=impact.category,
        factor=impact.factor,
        n_years=float(impact.n_years),
        times=impact.times,
        kg_co2e=_three([impact]),
    )


@door("GET", "/v1/factor-sets")
def list_factor_sets() -> Page[FactorSetShape]:
    """The factor sets that results were and are computed with, with their sources."""
    return Page(items=[_factor_set_shape(one) for one in load_factor_sets().values()])


def _factor_set_shape(one: FactorSet) -> FactorSetShape:
    return FactorSetShape(
        id=one.id,
        version=one.version,
        unit=one.unit,
        valid_from=one.valid_from,
        sources=dict(one.sources),
        electricity_kgco2e_per_kwh={country: float(value) for country, value in one.electricity.items()},
        categories={
            name: FactorShape(
                construction=float(factor.construction),
                assembly_distribution=float(factor.assembly_distribution),
                end_of_life=float(factor.end_of_life),
                life_new_years=float(factor.life_new_years),
                net_avoided_per_year=float(factor.net_avoided_per_year),
                net_basis=factor.net_basis,
                extra_years_default=float(factor.extra_years_default),
            )
            for name, factor in one.factors.items()
        },
    )


@door("POST", "/v1/impact-reports", status=202)
def create_impact_report(session: Session, caller: Caller, data: JSONBody[ReportIn]) -> Answer:
    """Have a report printed of the impact as it is now; it never changes afterwards."""
    scope = Scope(**data.model_dump(exclude={"language", "factor_set"}))
    return job_accepted(
        order_report(session, caller, scope=scope, language=data.language, factor_set_id=data.factor_set)
    )


doors = [show_impact, list_impact_entries, list_factor_sets, create_impact_report]
