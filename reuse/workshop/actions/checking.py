from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, update

from reuse import clock
from reuse.devices.actions.milestones import lift_flag, note_work, raise_flag, set_milestone, withdraw_milestones
from reuse.devices.actions.moves import lock_device
from reuse.devices.models import Device
from reuse.devices.queries import flags_of
from reuse.devices.rules import Flag, Milestone, Status, Work, check_works
from reuse.errors import Fault, Invalid
from reuse.history.actions import record
from reuse.people.rules import Caller, Role
from reuse.workshop.models import CheckRow
from reuse.workshop.queries import FUNCTION as FUNCTION
from reuse.workshop.queries import UNLOCK as UNLOCK
from reuse.workshop.queries import standing_checks, template_for
from reuse.workshop.rules import (
    CheckOutcome,
    CheckResult,
    TestTemplate,
    result_faults,
    tested,
    unlock_faults,
    unlocked,
    value_faults,
    waiver_warnings,
)

STOLEN_LIST = "stolen_list"
BY_CHECK = "unlock check failed: "


@dataclass(frozen=True, slots=True)
class Found:
    """One outcome as it was reported; `note` is the reason of a waiver."""

    check: str
    outcome: CheckOutcome
    value: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows kept, the required checks still missing, and what the person who sent them should look at again."""

    rows: list[CheckRow]
    missing: tuple[str, ...]
    warnings: tuple[Fault, ...] = ()
    template: TestTemplate | None = None


def test_device(session: Session, caller: Caller, device: Device, results: Sequence[Found]) -> Kept:
    """Keep outcomes of function checks; the milestone `tested` follows from all that stand since the last repair.

    A device is tested with one version of its template from the first check to the last. Invalid, with each place, for
    an unknown check, a waiver without a reason, "not applicable" where the template does not allow it, or a value that
    a template of the territory's own does not take: then nothing is kept.
    """
    device = lock_device(session, device.id)  # so that of two who test at once, each counts what the other found
    check_works(Status(device.status))
    template = template_for(session, device)
    said = _results(results, by_lead=Role.lead in caller.roles)
    values = value_faults(template, said)
    _refuse((*result_faults(template, said), *(values if template.id is not None else ())))
    rows = _keep(session, caller, device, FUNCTION, results, template)
    missing = tested(template, standing(session, device.id, FUNCTION))
    _settle(session, caller, device, Milestone.tested, missing, source=_name(template))
    note_work(session, caller.actor, device, Work.test)
    return Kept(rows, missing, (*values, *waiver_warnings(template, said)), template)


def _name(template: TestTemplate) -> str:
    """A template as a milestone names its source."""
    number = f"template {template.version}"
    return number if template.id is None else f"{template.scope} {number} ({template.id})"


def check_locks(session: Session, caller: Caller, device: Device, results: Sequence[Found]) -> Kept:
    """Keep what was seen of activation locks, management, firmware passwords and lists of stolen devices."""
    device = lock_device(session, device.id)
    check_works(Status(device.status))
    _refuse(unlock_faults(_results(results)))
    rows = _keep(session, caller, device, UNLOCK, results)
    missing = unlocked(device.category, standing(session, device.id, UNLOCK))
    _settle(session, caller, device, Milestone.unlocked, missing, source=None)
    _flag_locks(session, caller, device, results)
    note_work(session, caller.actor, device, Work.test)
    return Kept(rows, missing)


def _flag_locks(session: Session, caller: Caller, device: Device, results: Sequence[Found]) -> None:
    """Hold a device back whose lock is on, or which stands on a list of stolen devices.

    A lock that the same checks find gone later lifts what they raised; of a suspicion of theft a person decides.
    """
    said = {one.check: one.outcome for one in results}
    failed = sorted(check for check, outcome in said.items() if outcome is CheckOutcome.FAIL)
    locks = [check for check in failed if check != STOLEN_LIST]
    if locks:
        raise_flag(session, caller.actor, device, Flag.locked, reason=f"{BY_CHECK}{', '.join(locks)}")
    if STOLEN_LIST in failed:
        raise_flag(session, caller.actor, device, Flag.suspected_stolen, reason=f"{BY_CHECK}{STOLEN_LIST}")
    up = next((f for f in flags_of(session, [device.id])[device.id] if f.name == Flag.locked), None)
    if up is not None and up.reason.startswith(BY_CHECK) and not _still_locked(session, device):
        lift_flag(session, caller.actor, device, Flag.locked, reason="checked again: no lock is left")


def _still_locked(session: Session, device: Device) -> bool:
    latest = {one.check: one.outcome for one in standing(session, device.id, UNLOCK)}
    return any(outcome is CheckOutcome.FAIL for check, outcome in latest.items() if check != STOLEN_LIST)


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
    return [
        CheckResult(row.name, CheckOutcome(row.outcome), row.note, row.value, row.by_lead)
        for row in standing_checks(session, device_id, kind)
    ]


def _results(results: Sequence[Found], *, by_lead: bool = False) -> list[CheckResult]:
    return [CheckResult(one.check, one.outcome, one.note, one.value, by_lead) for one in results]


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        places = ", ".join(fault.pointer for fault in faults)
        raise Invalid(f"Nothing was kept. Correct {places}.", code="bad_results", errors=tuple(faults))


def _keep(
    session: Session,
    caller: Caller,
    device: Device,
    kind: str,
    results: Sequence[Found],
    template: TestTemplate | None = None,
) -> list[CheckRow]:
    rows = [
        CheckRow(
            id=clock.new_id(),
            device_id=device.id,
            kind=kind,
            template_id=template.id if template else None,
            template_version=template.version if template else None,
            name=one.check,
            outcome=one.outcome,
            value=one.value,
            note=one.note,
            by_lead=Role.lead in caller.roles,
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
