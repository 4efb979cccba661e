from typing import Any
from uuid import UUID

from sqlmodel import Session, col, update

from reuse import clock
from reuse.devices.actions.moves import change_device, lock_device
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.errors import Conflict, Fault, Invalid, NotAllowed
from reuse.handovers.actions.households import free_household
from reuse.handovers.models import WarrantyCase
from reuse.handovers.queries.cases import locked_case
from reuse.handovers.rules.cards import refuse_card_numbers
from reuse.handovers.rules.cases import OPEN, CaseStatus, check_move, check_word, may_become
from reuse.history.actions import record
from reuse.history.rules import Actor
from reuse.people.rules import Caller, Role, require_person, require_role


def move_case(
    session: Session,
    actor: Actor,
    case: WarrantyCase,
    to: CaseStatus,
    *,
    data: dict[str, Any] | None = None,
    **columns: Any,  # noqa: ANN401  # columns that change with the move
) -> None:
    """Move a case and its history with it, the only way its status changes; its end stands in its device's too.

    Conflict where the table of moves forbids it or another came first.
    """
    present = CaseStatus(case.status)
    check_move(present, to)
    if to not in OPEN:
        columns["ended_at"] = clock.now()
    change_case(session, case, status=to, **columns)
    record(
        session,
        actor,
        thing="warranty_case",
        thing_id=case.id,
        verb="moved",
        from_state=present,
        to_state=to,
        data=data,
    )
    note_on_device(session, actor, case, "warranty_case_moved")
    if to not in OPEN:
        free_household(session, case.handover_id)


def change_case(session: Session, case: WarrantyCase, **columns: Any) -> None:  # noqa: ANN401  # column values
    """Set columns and raise the version, unless somebody came first; the caller records why."""
    session.flush()
    done = session.exec(
        update(WarrantyCase)
        .where(
            col(WarrantyCase.id) == case.id,
            col(WarrantyCase.version) == case.version,
            col(WarrantyCase.status) == case.status,
        )
        .values(version=case.version + 1, **columns)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict("Somebody changed this case at the same moment; look at it again.", code="moved_meanwhile")
    session.refresh(case)


def note_on_device(session: Session, actor: Actor, case: WarrantyCase, verb: str) -> None:
    """Write on the device whether it is claimed, and in its history where its case stands; words stay with the case."""
    device = lock_device(session, case.device_id)
    is_claimed = CaseStatus(case.status) in OPEN or case.owed_back
    change_device(session, device, claim=case.number if is_claimed else None)
    what = {"case_id": case.id, "number": case.number, "case_status": case.status}
    record(session, actor, thing="device", thing_id=device.id, verb=verb, data=what)


def decide_case(
    session: Session,
    caller: Caller,
    case_id: UUID,
    to: CaseStatus,
    *,
    reason: str | None = None,
    version: int | None = None,
) -> WarrantyCase:
    """Take the device to the bench, refuse, withdraw, or give it up; remedies come by their own resources.

    The workshop's people repair, a named lead of it refuses and says why, and either side withdraws. What is here when
    a case ends without a remedy is still its holder's, and is handed back under it.
    """
    case = locked_case(session, caller, case_id, version)
    _require(caller, case, to)
    check_word(to)
    _check_decision(case, to)
    if reason is None and to is not CaseStatus.in_repair:
        sentence = "Say why: the answer goes to whoever complained."
        raise Invalid(sentence, code="reason_missing", errors=(Fault("/reason", "required", sentence),))
    refuse_card_numbers({"reason": reason})
    if to is CaseStatus.in_repair:
        check_is_back(session, case)
    is_back = session.get_one(Device, case.device_id).status != Status.handed_over
    owed = {"owed_back": is_back and to is not CaseStatus.given_up} if to not in OPEN else {}
    what = {"reason": reason} if reason else None
    move_case(session, caller.actor, case, to, data=what, reason=reason, **owed)
    return case


def _check_decision(case: WarrantyCase, to: CaseStatus) -> None:
    present = CaseStatus(case.status)
    check_move(present, to)
    if to not in may_become(present, owed_back=case.owed_back):
        sentence = "This device is not owed to its holder under this case, so there is nothing to give up."
        raise Conflict(sentence, code="move_not_allowed")


def _require(caller: Caller, case: WarrantyCase, to: CaseStatus) -> None:
    is_workshop = caller.organisation_id == case.workshop_id
    if to is CaseStatus.refused:
        require_role(caller, Role.lead)
        require_person(caller)
    elif to is CaseStatus.in_repair:
        require_role(caller, Role.technician, Role.lead)
    else:
        require_role(caller, Role.network, Role.technician, Role.lead)
    if to in {CaseStatus.refused, CaseStatus.in_repair} and not is_workshop:
        raise NotAllowed("This is for the workshop that the device left; withdraw the case, or wait for its answer.")


def check_is_back(session: Session, case: WarrantyCase) -> Device:
    """Conflict `return` while the device is with its holder; returns the device, locked."""
    device = lock_device(session, case.device_id)
    if device.status == Status.handed_over:
        raise Conflict(
            "The device is still with its holder: take it back first (POST /v1/devices/{id}/returns).",
            code="device_not_back",
            missing=("return",),
        )
    return device
