from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from reuse import clock
from reuse.devices.actions.moves import change_device, lock_device
from reuse.devices.models import Device, Medium
from reuse.devices.rules import Status
from reuse.errors import Conflict, Fault, Invalid
from reuse.history.actions import record
from reuse.history.rules import SYSTEM
from reuse.people.rules import Caller, Role, require_person, require_role, same_person
from reuse.wiping.actions.withdrawal import end_sanitization
from reuse.wiping.models import Disposal
from reuse.wiping.queries.gate import disposals_of, policy_of
from reuse.wiping.queries.reports import workshop_medium

OPEN_TO_DISPOSAL = (Status.received, Status.in_workshop, Status.parts)
NEEDED = {"destroyed": "method", "removed": "reason", "absent": "reason"}
"""What each kind must say: how it was destroyed, by whom it is kept, or how its absence was seen (spec/wiping.md)."""


def dispose_medium(
    session: Session,
    caller: Caller,
    medium_id: UUID,
    *,
    kind: str,
    method: str | None = None,
    particle_size_mm: str | None = None,
    witness: str | None = None,
    reason: str | None = None,
) -> Disposal:
    """Say that a medium was destroyed, removed or is absent; a named person says it. Destruction is final.

    In a territory that demands two persons a destruction needs a witness.
    """
    require_role(caller, Role.technician, Role.data_security)
    person = require_person(caller)
    medium, device = workshop_medium(session, caller.organisation_id, medium_id)
    device = lock_device(session, device.id)
    before = disposals_of(session, [medium.id]).get(medium.id)
    said = {"method": method, "reason": reason, "witness": witness}
    _check(session, device, before, kind, said, person)
    change_device(session, device)
    if before is not None:
        before.live = False
        session.add(before)
        session.flush()
    disposal = Disposal(
        id=clock.new_id(),
        medium_id=medium.id,
        device_id=device.id,
        organisation_id=caller.organisation_id,
        kind=kind,
        method=method,
        particle_size_mm=particle_size_mm,
        witness=witness,
        reason=reason,
        person=person,
        at=clock.now(),
    )
    session.add(disposal)
    medium.kept_apart = kind == "removed"
    what = {"medium_id": medium.id, "serial": medium.serial, "kind": kind, **{k: v for k, v in said.items() if v}}
    record(session, caller.actor, thing="device", thing_id=device.id, verb="medium_disposed", data=what)
    return disposal


def end_disposals_of_found(session: Session, device_id: UUID, medium_ids: Collection[UUID], *, at: datetime) -> int:
    """A medium that was found in its device is there: what was said before of its leaving no longer stands.

    The device loses `sanitized` with it; returns how many disposals ended.
    """
    device = lock_device(session, device_id)
    ended = [one for one in disposals_of(session, medium_ids).values() if one.at < at]
    if not ended:
        return 0
    for disposal in ended:
        disposal.live = False
        session.add(disposal)
        medium = session.get_one(Medium, disposal.medium_id)
        medium.kept_apart = False
        session.add(medium)
    change_device(session, device)
    what = {"media": [{"medium_id": one.medium_id, "was": one.kind} for one in ended]}
    record(session, SYSTEM, thing="device", thing_id=device.id, verb="medium_found_again", data=what)
    reason = f"found again: a medium that was said to be {', '.join(sorted({one.kind for one in ended}))}"
    end_sanitization(session, SYSTEM, device, reason=reason)
    return len(ended)


def _check(
    session: Session, device: Device, before: Disposal | None, kind: str, said: dict[str, str | None], person: str
) -> None:
    needed = NEEDED[kind]
    if not (said[needed] or "").strip():
        sentence = f"Say the {needed}: a medium cannot be {kind} without it."
        raise Invalid(sentence, code="invalid", errors=(Fault(f"/{needed}", "required", sentence),))
    witness = (said["witness"] or "").strip()
    is_alone = not witness or same_person(witness, person)
    if kind == "destroyed" and is_alone and policy_of(session, device).two_persons:
        sentence = "Your territory demands two persons: name a witness who saw the destruction."
        raise Invalid(sentence, code="invalid", errors=(Fault("/witness", "required", sentence),))
    if before is not None and before.kind == "destroyed":
        raise Conflict("This medium is recorded as destroyed already; that is final.", code="medium_destroyed")
    if before is None and Status(device.status) not in OPEN_TO_DISPOSAL:
        raise Conflict(
            f"The device is {device.status}; media are disposed of while it is received, in the workshop or in parts.",
            code="not_at_the_bench",
        )
