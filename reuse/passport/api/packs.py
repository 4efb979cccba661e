from uuid import UUID

from litestar.params import FromPath
from litestar.response import Stream
from sqlmodel import Session

from reuse.documents.api import document_stream
from reuse.house import House
from reuse.passport.actions.ordering import order_pack, standing_of
from reuse.people.rules import Caller
from reuse.signing import HOUSE, public_key_of, signing_key
from reuse.transactions import in_transaction, reading
from reuse.web import Answer, JobAccepted, Shape, door, job_accepted


class SigningKeyShape(Shape):
    """A public key: the key itself in base64, and the SHA-256 of it, which people compare."""

    algorithm: str
    public_key: str
    fingerprint: str


@door("POST", "/v1/donations/{donation_id:uuid}/pack", status=202)
def order_donation_pack(session: Session, caller: Caller, house: House, donation_id: FromPath[UUID]) -> JobAccepted:
    """Have the full pack of a donation made as it stands now; the job's result is `{"document_id": …}`.

    Asked twice in one state it is the same job.
    """
    accepted: Answer = job_accepted(order_pack(session, caller, standing_of(session, house, caller, donation_id)))
    return accepted  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


@door("GET", "/v1/donations/{donation_id:uuid}/pack", has_own_transaction=True, media_type="application/zip")
def download_donation_pack(caller: Caller, house: House, donation_id: FromPath[UUID]) -> bytes:
    """The full pack (ZIP) of the donation as it stands now; until it is made, 202 and the job that makes it."""
    return _pack_or_job(caller, house, donation_id)  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


def _pack_or_job(caller: Caller, house: House, donation_id: UUID) -> Stream | Answer:
    with reading(house.database) as session:
        standing = standing_of(session, house, caller, donation_id)
    if standing.pack is not None:
        return document_stream(house, standing.pack)
    return job_accepted(in_transaction(house.database, lambda session: order_pack(session, caller, standing)))


@door("GET", "/signing-key", is_public=True)
def show_signing_key(house: House) -> SigningKeyShape:
    """The public key with which this installation signs packs, for whoever checks one."""
    return SigningKeyShape.model_validate(public_key_of(signing_key(house.settings, HOUSE)))


doors = [order_donation_pack, download_donation_pack, show_signing_key]
