from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select

from reuse import clock
from reuse.devices.actions.milestones import withdraw_milestones
from reuse.devices.actions.moves import lock_device, move_device
from reuse.devices.models import Device
from reuse.devices.rules import WITHDRAWN_BY_RETURN, Status, check_move
from reuse.errors import Conflict, NotFound
from reuse.handovers.actions.households import free_household
from reuse.handovers.models import HandoverLine
from reuse.handovers.queries import line_out
from reuse.handovers.rules.cards import refuse_card_numbers
from reuse.people.rules import Caller, Role, require_role
from reuse.workshop.actions.checking import FUNCTION, UNLOCK, void_checks

FLOOR = frozenset({Role.technician, Role.lead})


def take_back_device(
    session: Session,
    caller: Caller,
    device_id: UUID,
    *,
    reason: str,
    note: str | None = None,
    version: int | None = None,
) -> tuple[Device, HandoverLine]:
    """Take a handed-over device back: from the network that holds it, or over the workshop's own counter.

    Whatever was proved of it but its label and its hardware must be proved anew, and tests must be done again. Returns
    the device and the line with which it had left, now closed.
    """
    require_role(caller, Role.network, *FLOOR)
    refuse_card_numbers({"reason": reason, "note": note})
    device = _device(session, caller, device_id)
    check_move(Status(device.status), Status.returned)
    line = line_out(session, device.id)
    if line is None:  # pragma: no cover  # whatever is handed over has its line
        raise Conflict("This device was never handed over here.", code="move_not_allowed")
    now = clock.now()
    line.returned_at, line.return_reason, line.return_note = now, reason, note
    session.add(line)
    move_device(
        session,
        caller.actor,
        device,
        Status.returned,
        verb="returned",
        reason=reason,
        version=version,
        data={"handover_id": line.handover_id, **({"note": note} if note else {})},
        custody_since=now,
        network_id=None,
        price_minor=None,
        price_currency=None,
        listed_at=None,
    )
    free_household(session, line.handover_id)
    withdraw_milestones(session, caller.actor, device, WITHDRAWN_BY_RETURN, reason=f"returned: {reason}")
    void_checks(session, device, FUNCTION)
    void_checks(session, device, UNLOCK)
    return device, line


def _device(session: Session, caller: Caller, device_id: UUID) -> Device:
    """The device, locked, if the caller's network holds it or it left the caller's workshop; NotFound otherwise."""
    mine = [
        condition
        for may, condition in (
            (Role.network in caller.roles, col(Device.network_id) == caller.organisation_id),
            (not FLOOR.isdisjoint(caller.roles), col(Device.workshop_id) == caller.organisation_id),
        )
        if may
    ]
    if session.exec(select(Device.id).where(Device.id == device_id, or_(*mine))).first() is None:
        raise NotFound(f"There is no device {device_id} that you could take back.")
    return lock_device(session, device_id)
