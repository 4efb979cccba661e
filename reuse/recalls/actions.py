from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from reuse import clock
from reuse.devices.actions.milestones import raise_flag
from reuse.devices.actions.moves import change_device, lock_device
from reuse.devices.models import Device
from reuse.devices.rules import Flag, Status
from reuse.errors import Conflict, Fault, Invalid
from reuse.history.actions import record
from reuse.history.rules import Actor
from reuse.jobs.actions import enqueue
from reuse.jobs.models import Job
from reuse.jobs.rules import ENDED
from reuse.people.rules import Caller, Role, require_role
from reuse.recalls.models import Recall, RecallLine
from reuse.recalls.queries import certificates_of, in_scope, knows_tool, receipt_of, rests_on
from reuse.recalls.rules import Outcome, Scope, outcome_for
from reuse.wiping.actions.withdrawal import end_sanitization
from reuse.wiping.models import Sanitization
from reuse.wiping.queries.gate import live_sanitization


def recall_tool(session: Session, caller: Caller, *, tool: str, tool_version: str, reason: str) -> Job:
    """Take back the word of a tool's version: the job that finds its devices, stops what is here and lists the rest.

    Asked again, the same recall goes on, or looks once more at what was certified since. A lead reaches the workshop's
    devices, a territory its own, an operator all. Invalid `unknown_tool` where no device in reach was wiped by it.
    """
    require_role(caller, Role.lead, Role.territory, Role.operator)
    recall = _known(session, caller, tool, tool_version) or _enter(
        session, caller, tool=tool, tool_version=tool_version, reason=reason
    )
    last = session.get(Job, recall.job_id) if recall.job_id is not None else None
    if last is not None and last.state not in ENDED:
        return last
    key = f"recalls.run:{recall.id}:{last.id if last else 'first'}"
    job = enqueue(session, "recalls.run", actor=caller.actor, payload={"recall_id": recall.id}, deduplicate=key)
    recall.job_id = job.id
    session.add(recall)
    what = {"tool": tool, "tool_version": tool_version, "reason": reason, "scope": recall.scope}
    record(session, caller.actor, thing="recall", thing_id=recall.id, verb="recalled", data=what)
    return job


def _known(session: Session, caller: Caller, tool: str, tool_version: str) -> Recall | None:
    statement = select(Recall).where(
        Recall.organisation_id == caller.organisation_id, Recall.tool == tool, Recall.tool_version == tool_version
    )
    return session.exec(statement.with_for_update()).first()


def _enter(session: Session, caller: Caller, *, tool: str, tool_version: str, reason: str) -> Recall:
    scope = _scope(caller)
    if not knows_tool(session, tool, tool_version, in_scope(scope, caller.organisation_id, caller.territory_id)):
        sentence = (
            f"No device of yours has a medium that {tool} {tool_version} speaks of; write tool and version as the "
            "erasure reports show them."
        )
        fault = Fault("/tool_version", "unknown_tool", sentence)
        raise Invalid(sentence, code="unknown_tool", errors=(fault,))
    recall = Recall(
        id=clock.new_id(),
        tool=tool,
        tool_version=tool_version,
        reason=reason,
        scope=scope,
        organisation_id=caller.organisation_id,
        territory_id=caller.territory_id,
        person=caller.person,
        created_at=clock.now(),
    )
    session.add(recall)
    try:
        session.flush()
    except IntegrityError as error:
        sentence = "Somebody is recalling this version at the same moment; ask again to see that recall."
        raise Conflict(sentence, code="moved_meanwhile") from error
    return recall


def _scope(caller: Caller) -> Scope:
    if caller.sees_all:
        return Scope.all
    return Scope.territory if Role.territory in caller.roles else Scope.workshop


def recall_device(session: Session, actor: Actor, recall: Recall, device_id: UUID) -> Outcome | None:
    """Stop one device, or write down where it is; None, and nothing done, where its acceptance rests on other word.

    What is here loses `sanitized`, is put under quarantine and leaves its reservation. Doing it again does nothing.
    """
    device = lock_device(session, device_id)
    accepted = live_sanitization(session, device.id)
    if accepted is None or not rests_on(session, accepted, recall):
        return None
    outcome = outcome_for(Status(device.status))
    known = session.get(RecallLine, (recall.id, device.id))
    if known is not None and known.outcome == outcome and outcome is not Outcome.stopped:
        return outcome
    session.merge(_line(session, recall, device, accepted, outcome))
    session.flush()
    change_device(session, device)
    what = {"recall_id": recall.id, "tool": recall.tool, "tool_version": recall.tool_version, "outcome": outcome}
    record(session, actor, thing="device", thing_id=device.id, verb="recalled", data={**what, "reason": recall.reason})
    if outcome is Outcome.stopped:
        why = f"{recall.tool} {recall.tool_version} recalled: {recall.reason}"
        end_sanitization(session, actor, device, reason=why)
        raise_flag(session, actor, device, Flag.quarantine, reason=why)
    return outcome


def _line(session: Session, recall: Recall, device: Device, accepted: Sanitization, outcome: Outcome) -> RecallLine:
    receipt = receipt_of(session, device.id) if outcome is Outcome.handed_over else None
    return RecallLine(
        recall_id=recall.id,
        device_id=device.id,
        outcome=outcome,
        status=device.status,
        certificates=certificates_of(session, accepted.id),
        receipt_number=receipt.number if receipt else None,
        handover_id=receipt.id if receipt else None,
        network_id=device.network_id,
        workshop_id=device.workshop_id,
        at=clock.now(),
    )
