from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from reuse import clock
from reuse.catalogue.models import Bundle
from reuse.catalogue.rules.bundles import bundle_kinds
from reuse.devices.models import Device
from reuse.devices.queries import code_of_each_kind
from reuse.errors import NotFound
from reuse.handovers.rules.accessories import go_with
from reuse.handovers.rules.picking import pick_order
from reuse.people.rules import Caller, Role, require_role
from reuse.reservations.models import Reservation, ReservationLine
from reuse.reservations.queries import lines_of, status_now
from reuse.reservations.rules import ReservationStatus, check_move

NUMBER_OF_CHOICES = 2


@dataclass(frozen=True, slots=True)
class ToPick:
    """A device to fetch: its line, what tells it apart, and what is laid out with it, by kind."""

    line: ReservationLine
    device: Device
    code: str
    serial: str
    accessories: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Preparation:
    """What a workshop lays out for one reservation, in the order in which it is fetched."""

    reservation: Reservation
    picks: Sequence[ToPick]


def preparation_of(session: Session, caller: Caller, reservation_id: UUID) -> Preparation:
    """What the caller's workshop has to lay out for a reservation, as it is now.

    NotFound for a reservation without a device of that workshop, Conflict for one that keeps nothing any more.
    """
    require_role(caller, Role.technician, Role.lead)
    every = lines_of(session, [reservation_id])[reservation_id]
    lines = [line for line in every if line.workshop_id == caller.organisation_id]
    if not lines:
        raise NotFound(f"There is no reservation {reservation_id} of your devices.")
    reservation = session.get_one(Reservation, reservation_id)
    check_move(status_now(reservation, clock.now()), ReservationStatus.HANDED_OVER)
    return Preparation(reservation, _picks(session, [line for line in lines if line.live]))


def _picks(session: Session, lines: Sequence[ReservationLine]) -> list[ToPick]:
    by_id = {line.device_id: line for line in lines}
    devices = session.exec(select(Device).where(col(Device.id).in_(by_id))).all()
    codes = code_of_each_kind(session, list(by_id))
    along = _accessories(session, devices)
    found = [
        ToPick(
            by_id[one.id],
            one,
            codes[one.id].get("label", ""),
            one.serial or codes[one.id].get("imei", ""),
            along[one.id],
        )
        for one in devices
    ]
    return sorted(found, key=lambda pick: (*pick_order(pick.device.location, pick.code), str(pick.device.id)))


def _accessories(session: Session, devices: Sequence[Device]) -> dict[UUID, Mapping[str, int]]:
    ids = {one.bundle_id for one in devices if one.bundle_id is not None}
    kinds = dict(session.exec(select(Bundle.id, Bundle.kind).where(col(Bundle.id).in_(ids)))) if ids else {}
    found: dict[UUID, Mapping[str, int]] = {}
    for one in devices:
        kind = kinds.get(one.bundle_id) if one.bundle_id else None
        is_main = kind is not None and bundle_kinds()[kind]["main"] == one.category
        others = [other.category for other in devices if other.bundle_id == one.bundle_id] if is_main else []
        found[one.id] = go_with(one.category, bundle_kind=kind if is_main else None, together=others)
    return found


def reservation_named(session: Session, caller: Caller, said: str) -> Reservation:
    """The reservation of the caller's devices, or of its network, that an id, a number or a list's QR names.

    Networks count each for itself, so that two may have the same number: then NotFound asks for the id.
    """
    last = said.strip().rstrip("/").rsplit("/", 1)[-1]
    mine = select(ReservationLine.reservation_id).where(ReservationLine.workshop_id == caller.organisation_id)
    own = (col(Reservation.network_id) == caller.organisation_id) | col(Reservation.id).in_(mine)
    try:
        named = col(Reservation.id) == UUID(last)
    except ValueError:
        named = col(Reservation.number) == last.upper()
    found = session.exec(select(Reservation).where(own, named).limit(NUMBER_OF_CHOICES)).all()
    if len(found) == 1:
        return found[0]
    if found:
        sentence = f"Two networks have a reservation {last}; scan the code on top of the preparation list instead."
        raise NotFound(sentence, code="reservation_ambiguous")
    raise NotFound(f"There is no reservation {last} of your devices.", code="unknown_reservation")
