from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from reuse import clock
from reuse.catalogue.queries import closed_gates, on_offer, wished
from reuse.catalogue.queries.buyers import may_go_to
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.errors import Conflict, Fault
from reuse.people.models import Territory
from reuse.people.rules import Caller, Role, require_role
from reuse.reservations.actions.hold import hold_devices, holder
from reuse.reservations.actions.lines import expire_holds
from reuse.reservations.models import Reservation, ReservationLine
from reuse.reservations.queries import expired_hold, locked_devices
from reuse.reservations.rules import Criteria


class _TooFewUnlocked(Exception):  # noqa: N818  # no error: it makes a savepoint give its locks back
    """Fewer devices than wanted are free of other transactions' locks at this moment."""


def reserve_devices(
    session: Session, caller: Caller, device_ids: Sequence[UUID], *, hold: timedelta, allow_partial: bool = False
) -> Reservation:
    """Keep these devices for the caller's network until the hold ends: all of them, or what is left where asked so.

    Conflict `not_available`, naming each that cannot be had, whatever the reason: one that is no longer listed and
    one that never was are told alike.
    """
    require_role(caller, Role.network)
    wanted = list(dict.fromkeys(device_ids))
    _refuse_soon(session, caller, wanted, allow_partial=allow_partial)
    expire_holds(session, device_ids=wanted)
    locked = [device for device in locked_devices(session, wanted) if _is_offered_to(caller, device)]
    closed = closed_gates(session, locked)
    free = {device.id: device for device in locked if device.id not in closed}
    if not free or (len(free) < len(wanted) and not allow_partial):
        raise _not_available(wanted, free)
    kept = [free[one] for one in wanted if one in free]
    return hold_devices(session, holder(caller), kept, hold=hold, allow_partial=allow_partial)


def _is_offered_to(caller: Caller, device: Device) -> bool:
    is_here = device.territory_id == caller.territory_id
    return is_here and device.status == Status.listed and device.price_minor is not None


def _refuse_soon(session: Session, caller: Caller, wanted: Collection[UUID], *, allow_partial: bool) -> None:
    """Say no without waiting for anybody's lock where it is already clear: most losers of a race come after it."""
    kept_too_long = (
        select(ReservationLine.device_id)
        .join(Reservation, col(Reservation.id) == col(ReservationLine.reservation_id))
        .where(col(ReservationLine.live), expired_hold(clock.now()))
    )
    is_kept = (col(Device.territory_id) == caller.territory_id) & col(Device.id).in_(kept_too_long)
    may_be_free = on_offer(caller.territory_id) | is_kept
    found = set(session.exec(select(Device.id).where(col(Device.id).in_(wanted), may_be_free)))
    if not found or (len(found) < len(wanted) and not allow_partial):
        raise _not_available(wanted, found)


def _not_available(wanted: Collection[UUID], free: Collection[UUID]) -> Conflict:
    faults = tuple(
        Fault(f"/device_ids/{place}", "not_available", f"The device {one} cannot be reserved now.")
        for place, one in enumerate(wanted)
        if one not in free
    )
    sentence = f"Of {len(wanted)} asked for, not free now: {len(faults)}. Choose others, or allow_partial."
    return Conflict(sentence, code="not_available", errors=faults)


def reserve_by_criteria(
    session: Session,
    caller: Caller,
    criteria: Criteria,
    *,
    quantity: int,
    hold: timedelta,
    allow_partial: bool = False,
) -> Reservation:
    """Keep so many devices that meet the criteria, those listed longest first; Conflict `not_available` for too few."""
    require_role(caller, Role.network)
    expire_holds(session, territory_id=caller.territory_id)
    devices = _pick(session, caller, criteria, quantity, allow_partial=allow_partial)
    told = {**asdict(criteria), "quantity": quantity}
    return hold_devices(session, holder(caller), devices, hold=hold, criteria=told, allow_partial=allow_partial)


def _wanted(caller: Caller, criteria: Criteria) -> list[ColumnElement[bool]]:
    return [on_offer(caller.territory_id), may_go_to(caller.organisation_id), *wished(**asdict(criteria))]


def _pick(session: Session, caller: Caller, criteria: Criteria, quantity: int, *, allow_partial: bool) -> list[Device]:
    """Lock the devices listed longest, passing over those that others are busy with.

    Where too few are left so, others hold some that they may yet give back: then those in want queue on their
    territory's row and wait for what is locked, one after the other. Without the queue, several could each hold a part
    of the last devices and all go away with nothing. Whom even all of them could not serve does not wait.
    """
    try:
        with session.begin_nested():
            return _lock_unlocked(session, caller, criteria, quantity)
    except _TooFewUnlocked:
        there = session.exec(select(func.count()).select_from(Device).where(*_wanted(caller, criteria))).one()
    devices: list[Device] = []
    if there >= quantity or (there and allow_partial):
        queue = select(Territory.id).where(Territory.id == caller.territory_id).with_for_update(key_share=True)
        session.exec(queue).one()
        devices = _lock(session, caller, criteria, min(quantity, there), skip_locked=False)
    if not devices or (len(devices) < quantity and not allow_partial):
        sentence = f"Free devices that meet these criteria: {max(there, len(devices))}; wanted: {quantity}."
        fault = Fault("/criteria/quantity", "not_available", sentence)
        raise Conflict(f"{sentence} Ask for fewer, or allow_partial.", code="not_available", errors=(fault,))
    return devices


def _lock_unlocked(session: Session, caller: Caller, criteria: Criteria, quantity: int) -> list[Device]:
    devices = _lock(session, caller, criteria, quantity, skip_locked=True)
    if len(devices) < quantity:
        raise _TooFewUnlocked
    return devices


def _lock(session: Session, caller: Caller, criteria: Criteria, quantity: int, *, skip_locked: bool) -> list[Device]:
    statement = (
        select(Device)
        .where(*_wanted(caller, criteria))
        .order_by(col(Device.listed_at), col(Device.id))
        .limit(quantity)
        .with_for_update(skip_locked=skip_locked)
        .execution_options(populate_existing=True)
    )
    return list(session.exec(statement))
