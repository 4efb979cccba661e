from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from reuse import clock
from reuse.catalogue.queries.buyers import check_buyers
from reuse.devices.actions.moves import move_devices
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.documents.actions import next_number
from reuse.errors import Conflict
from reuse.history.actions import record
from reuse.history.rules import Actor
from reuse.people.models import Territory
from reuse.people.rules import Caller
from reuse.reservations.actions.lines import LIVE_STATE, drop_line
from reuse.reservations.models import Need, Reservation, ReservationLine
from reuse.reservations.queries import allowances_of, live_lines, open_needs, served
from reuse.reservations.rules import ReservationStatus, expires_at, take_within


@dataclass(frozen=True, slots=True)
class Holder:
    """For which network a hold is made, and who makes it: the network itself, its territory, or the house."""

    network_id: UUID
    territory_id: UUID
    actor: Actor


def holder(caller: Caller) -> Holder:
    """A network that keeps devices for itself."""
    return Holder(caller.organisation_id, caller.territory_id, caller.actor)


def hold_devices(
    session: Session,
    who: Holder,
    devices: Sequence[Device],
    *,
    hold: timedelta,
    criteria: dict[str, Any] | None = None,
    offered_for: Need | None = None,
    allow_partial: bool = False,
    as_remedy: bool = False,
) -> Reservation:
    """Write the reservation of locked, listed devices: the one place where anything is kept for a network.

    Conflict `buyer` where the law bars the network; `quota_reached` where a quota leaves too few.
    The number is taken first: on its row a network's reservations wait, so that two never share what is left.
    What is kept `as_remedy` of a warranty case takes the place of what the network had: no quota, no need is asked.
    """
    number = next_number(session, organisation_id=who.network_id, prefix="RES")
    if not as_remedy:
        devices = _within_rules(session, who, devices, allow_partial=allow_partial)
    by_id = {device.id: device for device in devices}
    for device_id, line in live_lines(session, by_id).items():  # one that an earlier reservation left behind
        drop_line(session, session.get_one(Reservation, line.reservation_id), line, by_id[device_id])
    now = clock.now()
    reservation = Reservation(
        id=clock.new_id(),
        number=number,
        status=ReservationStatus.HELD,
        network_id=who.network_id,
        territory_id=who.territory_id,
        expires_at=expires_at(now, hold),
        criteria=criteria,
        offered_for=offered_for.id if offered_for else None,
        person=who.actor.person,
        created_at=now,
    )
    session.add(reservation)
    session.flush()
    needs: dict[UUID, UUID] = {}
    if not as_remedy:
        needs = dict.fromkeys(by_id, offered_for.id) if offered_for else _needs_served(session, who, devices)
    session.add_all(_line(reservation, device, needs.get(device.id)) for device in devices)
    session.flush()
    _tell(session, who, reservation, devices)
    return reservation


def _tell(session: Session, who: Holder, reservation: Reservation, devices: Sequence[Device]) -> None:
    """Write down in the history of the reservation and of each device that they are kept, and for whom."""
    verb = "offered" if reservation.offered_for else "reserved"
    what: dict[str, Any] = {"number": reservation.number, "device_ids": [device.id for device in devices]}
    if reservation.offered_for:
        what["need_id"] = reservation.offered_for
    record(
        session,
        who.actor,
        thing="reservation",
        thing_id=reservation.id,
        verb=verb,
        to_state=ReservationStatus.HELD,
        data=what,
    )
    what = {"reservation_id": reservation.id, "number": reservation.number}
    move_devices(session, who.actor, devices, Status.reserved, verb=verb, data=what, network_id=who.network_id)


def _within_rules(session: Session, who: Holder, devices: Sequence[Device], *, allow_partial: bool) -> list[Device]:
    check_buyers(session, who.network_id, devices)
    territory = session.get_one(Territory, who.territory_id)
    allowances = allowances_of(session, territory, who.network_id)
    broken = {device.id: take_within(allowances, device.category) for device in devices} if allowances else {}
    over = sorted({rule for rule in broken.values() if rule is not None})
    torn = {device.bundle_id for device in devices if broken.get(device.id) is not None} - {None}
    within = [one for one in devices if broken.get(one.id) is None and one.bundle_id not in torn]
    if over and not (allow_partial and within):
        sentence = (
            f"The territory's quota for this network is {', '.join(over)}: of {len(devices)} devices, it leaves room "
            f"for {len(within)}. Ask for fewer, or ask your territory to change it."
        )
        raise Conflict(sentence, code="quota_reached", missing=("quota",))
    return within


def _needs_served(session: Session, who: Holder, devices: Sequence[Device]) -> dict[UUID, UUID]:
    """Which of the network's own needs each device serves: the oldest that it fits and that still lacks one."""
    territory = session.get_one(Territory, who.territory_id)
    needs = open_needs(session, territory, {device.category for device in devices}, network_id=who.network_id)
    got = served(session, [need.id for need in needs]) if needs else {}
    found: dict[UUID, UUID] = {}
    for device in devices:
        for need in needs:
            if got.get(need.id, 0) < need.quantity and fits(need, device):
                got[need.id] = got.get(need.id, 0) + 1
                found[device.id] = need.id
                break
    return found


def fits(need: Need, device: Device) -> bool:
    """Whether the device is what the need asks for; an unknown memory does not meet a wish about it."""
    has_memory = need.min_ram_gb is None or (device.ram_gb is not None and device.ram_gb >= need.min_ram_gb)
    return device.category == need.category and has_memory


def _line(reservation: Reservation, device: Device, need_id: UUID | None) -> ReservationLine:
    return ReservationLine(
        id=clock.new_id(),
        reservation_id=reservation.id,
        device_id=device.id,
        workshop_id=device.workshop_id,
        need_id=need_id,
        price_minor=device.price_minor or 0,
        currency=device.price_currency or "",
        state=LIVE_STATE,
    )
