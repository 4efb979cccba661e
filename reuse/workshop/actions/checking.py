from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.devices.actions.milestones import note_work, set_milestone, withdraw_milestones
from reuse.devices.actions.moves import lock_device
from reuse.devices.models import Device
from reuse.devices.rules import Milestone, Status, Work, check_works
from reuse.errors import Fault, Invalid
from reuse.history.actions import record
from reuse.people.rules import Caller
from reuse.workshop.models import CheckRow
from reuse.workshop.rules import (
    CheckOutcome,
    CheckResult,
    load_test_templates,
    result_faults,
    tested,
    unlock_faults,
    unlocked,
)

FUNCTION = "function"
UNLOCK = "unlock"


@dataclass(frozen=True, slots=True)
class Found:
    """One outcome as it was reported; `note` is the reason of a waiver."""

    check: str
    outcome: CheckOutcome
    value: str | None = None
    note: str | None = None


def test_device(
    session: Session, caller: Caller, device: Device, results: Sequence[Found]
) -> tuple[list[CheckRow], tuple[str, ...]]:
    """Keep outcomes of function checks; the milestone `tested` follows from all that stand since the last repair.

    Returns the rows kept and the required checks still missing. Invalid, with each place, for an unknown check, a
    waiver without a reason, or "not applicable" where the template does not allow it: then nothing is kept.
    """
    device = lock_device(session, device.id)  # so that of two who test at once, each counts what the other found
    check_works(Status(device.status))
    template = load_test_templates()[device.category]
    _refuse(result_faults(template, _results(results)))
    rows = _keep(session, caller, device, FUNCTION, results, template.version)
    missing = tested(template, standing(session, device.id, FUNCTION))
    _settle(session, caller, device, Milestone.tested, missing, source=f"template {template.version}")
    note_work(session, caller.actor, device, Work.test)
    return rows, missing


def check_locks(
    session: Session, caller: Caller, device: Device, results: Sequence[Found]
) -> tuple[list[CheckRow], tuple[str, ...]]:
    """Keep what was seen of activation locks, management, firmware passwords and lists of stolen devices."""
    device = lock_device(session, device.id)
    check_works(Status(device.status))
    _refuse(unlock_faults(_results(results)))
    rows = _keep(session, caller, device, UNLOCK, results, None)
    missing = unlocked(device.category, standing(session, device.id, UNLOCK))
    _settle(session, caller, device, Milestone.unlocked, missing, source=None)
    note_work(session, caller.actor, device, Work.test)
    return rows, missing


def void_checks(session: Session, device: Device, kind: str) -> None:
    """What was found before no longer stands."""
    session.exec(
        update(CheckRow)
        .where(col(CheckRow.device_id) == device.id, col(CheckRow.kind) == kind)
        .values(voided=True)
        .execution_options(synchronize_session=False)
    )


def standing(session: Session, device_id: UUID, kind: str) -> list[CheckResult]:
    """The outcomes that still stand, oldest first."""
    statement = select(CheckRow).where(CheckRow.device_id == device_id, CheckRow.kind == kind, ~col(CheckRow.voided))
    rows = session.exec(statement.order_by(col(CheckRow.id)))
    return [CheckResult(row.name, CheckOutcome(row.outcome), row.note) for row in rows]


def _results(results: Sequence[Found]) -> list[CheckResult]:
    return [CheckResult(one.check, one.outcome, one.note) for one in results]


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        places = ", ".join(fault.pointer for fault in faults)
        raise Invalid(f"Nothing was kept. Correct {places}.", code="bad_results", errors=tuple(faults))


def _keep(
    session: Session, caller: Caller, device: Device, kind: str, results: Sequence[Found], version: int | None
) -> list[CheckRow]:
    rows = [
        CheckRow(
            id=clock.new_id(),
            device_id=device.id,
            kind=kind,
            template_version=version,
            name=one.check,
            outcome=one.outcome,
            value=one.value,
            note=one.note,
            organisation_id=caller.organisation_id,
            person=caller.person,
            created_at=clock.now(),
        )
        for one in results
    ]
    session.add_all(rows)
    what = {"kind": kind, "results": {one.check: one.outcome.value for one in results}}
    record(session, caller.actor, thing="device", thing_id=device.id, verb="checked", data=what)
    session.flush()
    return rows


def _settle(
    session: Session,
    caller: Caller,
    device: Device,
    milestone: Milestone,
    missing: tuple[str, ...],
    *,
    source: str | None,
) -> None:
    if missing:
        withdraw_milestones(session, caller.actor, device, [milestone], reason=f"not passed: {', '.join(missing)}")
    else:
        set_milestone(session, caller.actor, device, milestone, source=source)
