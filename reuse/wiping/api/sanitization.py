from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from litestar.params import FromPath, JSONBody
from pydantic import Field
from sqlmodel import Session

from reuse.people.rules import Caller
from reuse.web import Answer, JobAccepted, Shape, door, job_accepted
from reuse.wiping.actions.batches import order_batch
from reuse.wiping.actions.media import dispose_medium
from reuse.wiping.actions.sanitization import accept_sanitization, declare_no_medium, reject_sanitization
from reuse.wiping.models import Disposal, Sanitization


class DisposalInput(Shape):
    """How a medium leaves the question; `destroyed` needs `method`, `removed` and `absent` need `reason`."""

    kind: Literal["destroyed", "removed", "absent"]
    method: str | None = Field(default=None, max_length=200)
    particle_size_mm: Decimal | None = Field(default=None, gt=0, le=1000)
    witness: str | None = Field(default=None, max_length=200)
    reason: str | None = Field(default=None, max_length=500)


class DisposalShape(Shape):
    """A disposal as it was recorded."""

    id: UUID
    medium_id: UUID
    device_id: UUID
    kind: str
    method: str | None
    particle_size_mm: str | None
    witness: str | None
    reason: str | None
    person: str
    at: datetime


class DecisionInput(Shape):
    """The decision on a device's sanitization; a technician says `no_medium` where the device holds none."""

    decision: Literal["accepted", "rejected", "no_medium"]
    reason: str | None = Field(default=None, max_length=500)


class BatchInput(Shape):
    """Devices of one donation to accept together; without `device_ids`, all that are in the workshop's hands."""

    decision: Literal["accepted"]
    device_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=5000)


class DecisionShape(Shape):
    """A decision that issues nothing."""

    id: UUID
    device_id: UUID
    decision: str
    reason: str | None
    person: str
    at: datetime


@door("POST", "/v1/media/{medium_id:uuid}/disposals", status=201)
def dispose_of_medium(
    session: Session, caller: Caller, medium_id: FromPath[UUID], data: JSONBody[DisposalInput]
) -> DisposalShape:
    """Record that a medium was destroyed, removed, or is absent."""
    size = str(data.particle_size_mm) if data.particle_size_mm is not None else None
    said = data.model_dump(exclude={"particle_size_mm"})
    disposal: Disposal = dispose_medium(session, caller, medium_id, **said, particle_size_mm=size)
    return DisposalShape.model_validate(disposal.model_dump(include=set(DisposalShape.model_fields)))


@door("POST", "/v1/devices/{device_id:uuid}/sanitization", status=202)
def decide_sanitization(
    session: Session, caller: Caller, if_match: int | None, device_id: FromPath[UUID], data: JSONBody[DecisionInput]
) -> JobAccepted:
    """Accept (202, certificates follow) or reject (200) a device's sanitization; 409 with `missing` while it is shut.

    `missing` may hold: captured, no_medium, no_report, verdict_fail, verdict_unknown, serial_differs, not_verified,
    tool_needs_verification, level_too_low, time_unknown, report_before_custody, zone_unconfirmed,
    report_in_future, two_persons.
    """
    if data.decision == "accepted":
        answer = job_accepted(accept_sanitization(session, caller, device_id, reason=data.reason, version=if_match))
    else:
        decide = reject_sanitization if data.decision == "rejected" else declare_no_medium
        decision = decide(session, caller, device_id, reason=data.reason, version=if_match)
        answer = Answer(decision_shape(decision), status=200)
    return answer  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


@door("POST", "/v1/donations/{donation_id:uuid}/sanitization", status=202)
def accept_donation(
    session: Session, caller: Caller, donation_id: FromPath[UUID], data: JSONBody[BatchInput]
) -> JobAccepted:
    """Accept the sanitization of a donation's devices in one job, each judged for itself.

    The job's progress counts devices; its result is `{accepted, certificate_ids, refusals: [{device_id, code, detail,
    missing, errors}]}`. Asked again, it finds what is accepted and issues only what is missing.
    """
    job = order_batch(session, caller, donation_id, device_ids=data.device_ids)
    return job_accepted(job)  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


def decision_shape(decision: Sanitization) -> DecisionShape:
    """The decision as its workshop sees it."""
    return DecisionShape.model_validate(decision.model_dump(include=set(DecisionShape.model_fields)))


doors = [dispose_of_medium, decide_sanitization, accept_donation]
