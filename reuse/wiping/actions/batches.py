"""Many devices accepted by one person at once: each is judged for itself, and refused for itself."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlmodel import Session

from reuse.donations.queries import donation_for
from reuse.errors import Conflict, Fault, Invalid, Refusal
from reuse.jobs.actions import enqueue
from reuse.jobs.models import Job
from reuse.people.rules import Caller, Role, caller_facts, require_person, require_role
from reuse.wiping.actions.certificates import Seal, issue_certificate
from reuse.wiping.actions.sanitization import accept
from reuse.wiping.models import Certificate
from reuse.wiping.queries.batches import devices_at_work
from reuse.wiping.queries.certificates import acceptance


def order_batch(session: Session, caller: Caller, donation_id: UUID, *, device_ids: Sequence[UUID] | None) -> Job:
    """A person answers for a donation's devices, for those named or for all in the workshop; returns the job.

    Nothing is judged here: the job judges each device afresh, and its result lists certificates and refusals. Invalid
    for a device that is not the donation's, Conflict where there is none to accept.
    """
    require_role(caller, Role.data_security)
    require_person(caller)
    donation = donation_for(session, caller, donation_id)
    there = devices_at_work(session, caller, donation.id)
    wanted = there if device_ids is None else list(dict.fromkeys(device_ids))
    strange = [place for place, one in enumerate(device_ids or ()) if one not in set(there)]
    if strange:
        sentence = "This is no device of this donation in your workshop's hands; leave it out."
        faults = tuple(Fault(f"/device_ids/{place}", "unknown_device", sentence) for place in strange)
        raise Invalid(f"{len(strange)} of the devices cannot be accepted here.", code="unknown_device", errors=faults)
    if not wanted:
        raise Conflict("No device of this donation is in your workshop's hands.", code="nothing_to_accept")
    payload = {"donation_id": donation.id, "device_ids": wanted, "caller": caller_facts(caller)}
    return enqueue(session, "certificates.batch", actor=caller.actor, payload=payload)


def accept_and_number(session: Session, caller: Caller, seal: Seal, device_id: UUID) -> list[Certificate]:
    """Accept one device and give each of its media its certificate, or find what an earlier attempt has done."""
    sanitization = accept(session, caller, device_id)
    session.flush()
    _, media = acceptance(session, sanitization.id)
    return [issue_certificate(session, seal, sanitization_id=sanitization.id, medium_id=one) for one in media]


def told(device_id: UUID, refusal: Refusal) -> dict[str, Any]:
    """Why this device was not accepted, as the job's result says it."""
    errors = [asdict(fault) for fault in refusal.errors]
    facts = {"code": refusal.code, "detail": refusal.detail, "missing": list(refusal.missing), "errors": errors}
    return {"device_id": device_id, **facts}
