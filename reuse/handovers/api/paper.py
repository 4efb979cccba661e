from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, JSONBody
from pydantic import Field
from sqlmodel import Session

from reuse.donations.actions.signed_copies import Scan
from reuse.donations.api.copies import keep_scan
from reuse.handovers.actions.paper import add_signed_slip, order_paper_slips
from reuse.handovers.models import PaperSlip
from reuse.handovers.queries import handover_for
from reuse.handovers.queries.slips import visible_slips
from reuse.house import House
from reuse.lookup import the_one
from reuse.people.rules import Caller
from reuse.transactions import reading
from reuse.web import Answer, Shape, Upload, door, job_accepted


class SlipsInput(Shape):
    """How many slips, and which devices stand on each; without a list all that are still reserved."""

    count: Annotated[int, Field(ge=1, le=50)] = 1
    device_ids: Annotated[list[UUID] | None, Field(min_length=1, max_length=500)] = None


class SlipShape(Shape):
    """A slip for a hand-over without a connection, and the hand-over that it was entered as, once it was."""

    id: UUID
    number: str
    reservation_id: UUID
    network_id: UUID
    workshop_id: UUID
    created_at: datetime
    taken_at: datetime | None
    handover_id: UUID | None


class SignedCopyKept(Shape):
    """A signed copy that is kept with a hand-over."""

    handover_id: UUID
    document_id: UUID
    sha256: str


@door("POST", "/v1/reservations/{reservation_id:uuid}/paper-slips", status=202, tags=["handovers"])
def print_paper_slips(
    session: Session, caller: Caller, house: House, reservation_id: FromPath[UUID], data: JSONBody[SlipsInput]
) -> Answer:
    """Have slips printed for hand-overs without a connection; each is entered once, by `paper` of the hand-over.

    A hold is confirmed by it, for its devices may now leave at any moment. The job's result is `{"document_id": …}`.
    """
    wish = data.model_dump()
    return job_accepted(order_paper_slips(session, caller, reservation_id, **wish, public_url=house.public_url))


@door("GET", "/v1/paper-slips/{slip_id:uuid}", tags=["handovers"])
def show_paper_slip(session: Session, caller: Caller, slip_id: FromPath[UUID]) -> SlipShape:
    """A slip, as its QR code names it: for which reservation it is, and what it was entered as."""
    slip = the_one(session, PaperSlip, slip_id, visible_slips(caller), "slip")
    return SlipShape.model_validate(slip.model_dump(include=set(SlipShape.model_fields)))


def look_at_slip(house: House, caller: Caller, upload: Upload, handover_id: UUID) -> Scan:
    """Keep the bytes before the transaction, for those who may know of the hand-over."""
    with reading(house.database) as session:
        handover_for(session, caller, handover_id)
    return keep_scan(house, upload)


@door("POST", "/v1/handovers/{handover_id:uuid}/signed-copies", status=201, prepare=look_at_slip, tags=["handovers"])
def send_signed_slip(
    session: Session,
    caller: Caller,
    upload: Upload,  # noqa: ARG001  # asked for so that it is read; look_at_slip has seen to it
    prepared: Scan,
    handover_id: FromPath[UUID],
) -> SignedCopyKept:
    """Keep a scan or photo (PDF, PNG or JPEG) of what was signed by hand at the hand-over."""
    document = add_signed_slip(session, caller, handover_id, prepared)
    return SignedCopyKept(handover_id=handover_id, document_id=document.id, sha256=document.sha256)


doors = [print_paper_slips, show_paper_slip, send_signed_slip]
