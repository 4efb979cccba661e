from uuid import UUID

from sqlmodel import Session

from reuse import clock
from reuse.devices.actions.milestones import note_work, set_milestone
from reuse.devices.actions.moves import change_device, lock_device
from reuse.devices.models import Device
from reuse.devices.queries import media_of, workshop_device
from reuse.devices.rules import MediaPolicy, Milestone, Status, Work, media_policy
from reuse.errors import Conflict, Fault, Invalid, Stale
from reuse.history.actions import record
from reuse.jobs.actions import enqueue
from reuse.jobs.models import Job
from reuse.jobs.rules import JobState
from reuse.people.rules import Caller, Role, require_person, require_role
from reuse.wiping.actions.withdrawal import end_sanitization
from reuse.wiping.models import Sanitization
from reuse.wiping.queries.gate import NO_MEDIUM, Gate, gate_of, is_met, live_sanitization
from reuse.wiping.rules import Policy, sentence_of

NOT_IN_CUSTODY = frozenset(
    {Status.declared, Status.collected, Status.missing, Status.withdrawn, Status.refused, Status.returned}
)


def accept_sanitization(
    session: Session, caller: Caller, device_id: UUID, *, reason: str | None = None, version: int | None = None
) -> Job:
    """A person answers for the device's erasure; returns the job that issues the certificates.

    Every medium is judged afresh from its stored reports. Conflict with `missing` while the gate is shut. Accepting
    what is already accepted gives the same job again. Someone who is a technician too may say in one act, with a
    reason, that the device holds no medium.
    """
    return _issue(session, caller, accept(session, caller, device_id, reason=reason, version=version))


def accept(
    session: Session, caller: Caller, device_id: UUID, *, reason: str | None = None, version: int | None = None
) -> Sanitization:
    """What `accept_sanitization` says, without ordering the certificates; what is accepted already is found."""
    require_role(caller, Role.data_security)
    person = require_person(caller)
    device = _device(session, caller, device_id, version)
    if reason and Role.technician in caller.roles and _holds_nothing(session, device):
        _declare(session, caller, device, person, reason)
    gate = gate_of(session, device, acceptor=person)
    if gate.missing:
        raise _closed(gate)
    sanitization = _row(caller, device, gate, "accepted", person, reason, live=True)
    live = live_sanitization(session, device.id)
    applies = gate.media_policy is not MediaPolicy.never
    if live is not None:
        if live.media == sanitization.media and (is_met(session, device, Milestone.sanitized) or not applies):
            return live
        live.live, live.ended_because = False, "accepted anew"
        session.add(live)
        session.flush()
    what = {"sanitization_id": sanitization.id, "media": sanitization.media, **({"reason": reason} if reason else {})}
    if applies:
        set_milestone(session, caller.actor, device, Milestone.sanitized)
    else:
        change_device(session, device)
    session.add(sanitization)
    record(session, caller.actor, thing="device", thing_id=device.id, verb="sanitization_accepted", data=what)
    return sanitization


def reject_sanitization(
    session: Session, caller: Caller, device_id: UUID, *, reason: str | None, version: int | None = None
) -> Sanitization:
    """A person does not answer for the device's erasure, and says why; what was accepted before no longer stands."""
    require_role(caller, Role.data_security)
    person = require_person(caller)
    why = _reason(reason, "Say why you reject it, so that the technician knows what to do.")
    device = _device(session, caller, device_id, version)
    gate = gate_of(session, device, acceptor=person)
    end_sanitization(session, caller.actor, device, reason=f"rejected: {why}")
    change_device(session, device)
    sanitization = _row(caller, device, gate, "rejected", person, why, live=False)
    session.add(sanitization)
    what = {"sanitization_id": sanitization.id, "reason": why, "missing": list(gate.missing)}
    record(session, caller.actor, thing="device", thing_id=device.id, verb="sanitization_rejected", data=what)
    return sanitization


def declare_no_medium(
    session: Session, caller: Caller, device_id: UUID, *, reason: str | None, version: int | None = None
) -> Sanitization:
    """A named technician says that the device holds no storage medium, and how that was seen (spec/process.md).

    It sets `captured`, with source `declared`; someone with the role data_security still has to accept it.
    """
    require_role(caller, Role.technician)
    person = require_person(caller)
    why = _reason(reason, "Say how you saw that there is no storage medium.")
    device = _device(session, caller, device_id, version)
    if not _holds_nothing(session, device):
        raise Conflict(
            "This device has storage media on record, or its category never has any; declare each medium as absent, "
            "or accept the sanitization as it is.",
            code="medium_known",
        )
    return _declare(session, caller, device, person, why)


def _declare(session: Session, caller: Caller, device: Device, person: str, why: str) -> Sanitization:
    gate = gate_of(session, device, acceptor=person)
    declaration = _row(caller, device, gate, NO_MEDIUM, person, why, live=False)
    session.add(declaration)
    note_work(session, caller.actor, device, Work.capture)
    if device.identity_open is None and not is_met(session, device, Milestone.captured):
        set_milestone(session, caller.actor, device, Milestone.captured, source="declared")
    else:
        change_device(session, device)
    record(session, caller.actor, thing="device", thing_id=device.id, verb="no_medium_declared", data={"reason": why})
    return declaration


def _device(session: Session, caller: Caller, device_id: UUID, version: int | None) -> Device:
    """The device, held against others until the transaction ends, if it is in the caller's hands."""
    device = lock_device(session, workshop_device(session, caller, device_id).id)
    if version is not None and version != device.version:
        raise Stale(f"This device has changed: you saw version {version}, it is now {device.version}. Look again.")
    if Status(device.status) in NOT_IN_CUSTODY:
        raise Conflict(
            f"This device is {device.status}; receive it first, then its sanitization can be decided.",
            code="not_in_custody",
        )
    return device


def _holds_nothing(session: Session, device: Device) -> bool:
    return media_policy(device.category) is not MediaPolicy.never and not media_of(session, [device.id])[device.id]


def _reason(reason: str | None, sentence: str) -> str:
    if reason is None or not reason.strip():
        raise Invalid(sentence, code="reason_required", errors=(Fault("/reason", "required", sentence),))
    return reason.strip()


def _row(
    caller: Caller, device: Device, gate: Gate, decision: str, person: str, reason: str | None, *, live: bool
) -> Sanitization:
    """The decision with what it was based on, so that nobody has to judge it again to know."""
    return Sanitization(
        id=clock.new_id(),
        device_id=device.id,
        organisation_id=caller.organisation_id,
        decision=decision,
        reason=reason,
        person=person,
        required_level=gate.required_level,
        policy=_policy(gate.policy),
        media=[
            {
                "medium_id": str(one.medium.id),
                "outcome": one.outcome,
                "level": "destroy" if one.outcome == "destroyed" else one.state.level,
                "item_id": str(one.item.id) if one.item and one.outcome == "erased" else None,
                "disposal_id": str(one.disposal.id) if one.disposal else None,
            }
            for one in gate.standings
        ],
        live=live,
        at=clock.now(),
    )


def _policy(policy: Policy) -> dict[str, bool]:
    return {"accepts_not_verified": policy.accept_not_verified, "two_persons": policy.two_persons}


def _closed(gate: Gate) -> Conflict:
    faults = tuple(
        Fault(f"/media/{one.medium.id}", code, f"{one.medium.serial or 'Without serial'}: {sentence_of(code, 'en')}")
        for one in gate.standings
        if one.outcome is None
        for code in one.state.missing
    )
    return Conflict(
        "The sanitization of this device cannot be accepted yet: settle what is listed for each medium.",
        code="gate_closed",
        missing=gate.missing,
        errors=faults,
    )


def _issue(session: Session, caller: Caller, sanitization: Sanitization) -> Job:
    """One job per sanitization; after one that was given up, another, which issues what is missing."""
    payload = {"sanitization_id": str(sanitization.id)}
    key = f"certificates.issue:{sanitization.id}"
    job = enqueue(session, "certificates.issue", actor=caller.actor, payload=payload, deduplicate=key)
    if job.state == JobState.failed:
        return enqueue(session, "certificates.issue", actor=caller.actor, payload=payload)
    return job
