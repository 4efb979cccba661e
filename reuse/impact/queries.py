from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from reuse import clock
from reuse.devices.models import Device
from reuse.devices.queries import codes_of
from reuse.handovers.models import Handover, HandoverLine
from reuse.impact.rules import DeviceImpact, FactorSet, Scenario, device_impact, load_factor_sets, reverse
from reuse.people.models import Territory
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller


@dataclass(frozen=True, slots=True)
class Scope:
    """Which hand-overs are counted; days are of the territory's calendar, both included."""

    donation_id: UUID | None = None
    donor_id: UUID | None = None
    network_id: UUID | None = None
    workshop_id: UUID | None = None
    territory_id: UUID | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One device's hand-over, or (`times` -1) its return within warranty, with what it avoids."""

    device_id: UUID
    code: str
    at: datetime
    impact: DeviceImpact
    handover_number: str


def factor_set_in_force(day: date) -> FactorSet:
    """The newest factor set that is in force on that day, or the first one ever made."""
    sets = sorted(load_factor_sets().values(), key=lambda one: (one.valid_from, one.version))
    return next((one for one in reversed(sets) if date.fromisoformat(one.valid_from) <= day), sets[0])


def visible_handovers(caller: Caller) -> ColumnElement[bool]:
    """The hand-overs that count for what a caller may see: its gifts, its work, what it received, its territory."""
    me = caller.organisation_id
    return sight(
        caller,
        {
            Activity.territory: col(Device.territory_id) == caller.territory_id,
            Activity.donor: col(Device.donor_id) == me,
            Activity.workshop: col(Device.workshop_id) == me,
            Activity.network: col(Handover.network_id) == me,
        },
    )


def entries(session: Session, caller: Caller, scope: Scope, factors: FactorSet) -> list[Entry]:
    """Every hand-over in scope with what it avoids, and every return that takes one back, in the order of time."""
    statement = (
        select(HandoverLine, Handover, Device)
        .join(Handover, col(Handover.id) == col(HandoverLine.handover_id))
        .join(Device, col(Device.id) == col(HandoverLine.device_id))
        .where(visible_handovers(caller), *_conditions(scope))
        .order_by(col(HandoverLine.at), col(HandoverLine.id))
    )
    rows = session.exec(statement).all()
    zones = _zones(session, {device.territory_id for _, _, device in rows})
    labels = _labels(session, [device.id for _, _, device in rows])
    found: list[Entry] = []
    for line, handover, device in rows:
        zone, country = zones[device.territory_id]
        impact = device_impact(device.category, factors=factors, scenario=Scenario(country=country))
        for at, counted in _moments(line, impact, zone):
            if _in_period(at, scope, zone):
                found.append(Entry(device.id, labels[device.id], at, counted, handover.number))
    return sorted(found, key=lambda entry: entry.at)


def _moments(line: HandoverLine, impact: DeviceImpact, zone: ZoneInfo) -> Iterable[tuple[datetime, DeviceImpact]]:
    """The hand-over counts once; a return takes it back on its own day, unless the warranty had run out by then.

    A gift has no warranty: its return always takes it back, for a new hand-over counts anew.
    """
    if not line.is_continued:  # a device repaired after its warranty was never taken back, so it is not counted anew
        yield line.at, impact
    if line.returned_at is None:
        return
    day = line.returned_at.astimezone(zone).date()
    if line.warranty_until is None or day <= line.warranty_until:
        yield line.returned_at, reverse(impact)


def _conditions(scope: Scope) -> list[ColumnElement[bool]]:
    wanted = (
        (col(Device.donation_id), scope.donation_id),
        (col(Device.donor_id), scope.donor_id),
        (col(Handover.network_id), scope.network_id),
        (col(Device.workshop_id), scope.workshop_id),
        (col(Device.territory_id), scope.territory_id),
    )
    return [column == value for column, value in wanted if value is not None]


def _in_period(at: datetime, scope: Scope, zone: ZoneInfo) -> bool:
    day = at.astimezone(zone).date()
    return (scope.since is None or day >= scope.since) and (scope.until is None or day <= scope.until)


def _zones(session: Session, territory_ids: set[UUID]) -> dict[UUID, tuple[ZoneInfo, str]]:
    found = session.exec(select(Territory).where(col(Territory.id).in_(territory_ids)))
    return {one.id: (ZoneInfo(one.timezone), one.country) for one in found}


def _labels(session: Session, device_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The label of each device, or whatever else finds it."""
    names: dict[UUID, str] = {}
    for start in range(0, len(device_ids), 500):
        for device_id, codes in codes_of(session, device_ids[start : start + 500]).items():
            label = next((code.value for code in codes if code.kind == "label"), None)
            names[device_id] = label or (codes[0].value if codes else str(device_id))
    return names


def first_and_last(found: Sequence[Entry], scope: Scope) -> tuple[date, date]:
    """The period that a report names: as asked, else from its first to its last entry."""
    today = clock.now().date()
    first = scope.since or (found[0].at.date() if found else today)
    return first, scope.until or (found[-1].at.date() if found else max(today, first))


def kilos(value: Decimal) -> float:
    """Kilograms as a JSON number, to the gram."""
    return float(round(value, 3))
