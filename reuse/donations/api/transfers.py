from typing import Any
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from sqlmodel import Session, col, select

from reuse import clock
from reuse.cursors import cut_page
from reuse.documents.models import Document
from reuse.documents.queries import visible_documents
from reuse.donations.actions.collections import Signed
from reuse.donations.actions.slips import slip_key
from reuse.donations.actions.transfers import Missed, answer_transfer, offer_transfer, withdraw_transfer
from reuse.donations.api.shapes import InkShape
from reuse.donations.api.shapes.containers import (
    AcceptanceIn,
    SignedShape,
    TransferIn,
    TransferShape,
    WithdrawalIn,
)
from reuse.donations.models import Transfer
from reuse.donations.queries import transfer_for, visible_transfers
from reuse.donations.rules import TransferStatus
from reuse.people.rules import Caller
from reuse.web import Page, door, page_of

PLAIN = set(TransferShape.model_fields) - {"given_by", "taken_by", "slips"}


def transfer_shape(session: Session, caller: Caller, transfer: Transfer) -> TransferShape:
    """The transfer, with the slips that are printed and that the caller may read."""
    session.flush()
    keys = [slip_key(transfer.id, act) for act in ("offered", "answered")]
    slips = session.exec(
        select(Document.id)
        .where(col(Document.deduplicate).in_(keys), visible_documents(caller))
        .order_by(col(Document.id))
    )
    return TransferShape(
        **transfer.model_dump(include=PLAIN),
        given_by=SignedShape(role=transfer.given_by["role"], name=transfer.given_by["name"]),
        taken_by=SignedShape(role=signed["role"], name=signed["name"]) if (signed := transfer.taken_by) else None,
        slips=list(slips),
    )


def _signed(shape: InkShape) -> Signed:
    return Signed(shape.role, shape.name, shape.drawn)


@door("POST", "/v1/transfers", status=201)
def create_transfer(session: Session, caller: Caller, data: JSONBody[TransferIn]) -> TransferShape:
    """Offer containers and devices that one has to another organisation, which accepts them or not."""
    said: dict[str, Any] = {**dict(data), "signature": _signed(data.signature)}
    return transfer_shape(session, caller, offer_transfer(session, caller, **said))


@door("GET", "/v1/transfers")
def list_transfers(
    session: Session,
    caller: Caller,
    status: FromQuery[TransferStatus | None] = None,
    from_id: FromQuery[UUID | None] = None,
    to_id: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[TransferShape]:
    """The transfers that the caller may know of, oldest first."""
    statement = select(Transfer).where(visible_transfers(caller))
    for column, value in ((Transfer.status, status), (Transfer.from_id, from_id), (Transfer.to_id, to_id)):
        if value is not None:
            statement = statement.where(col(column) == value)
    cut = cut_page(session, statement, col(Transfer.id), limit=limit, cursor=cursor)
    return page_of(cut, lambda transfer: transfer_shape(session, caller, transfer))


@door("GET", "/v1/transfers/{transfer_id:uuid}")
def show_transfer(session: Session, caller: Caller, transfer_id: FromPath[UUID]) -> TransferShape:
    """One transfer."""
    return transfer_shape(session, caller, transfer_for(session, caller, transfer_id))


@door("POST", "/v1/transfers/{transfer_id:uuid}/acceptance", status=200)
def accept_transfer(
    session: Session, caller: Caller, if_match: int | None, transfer_id: FromPath[UUID], data: JSONBody[AcceptanceIn]
) -> TransferShape:
    """Accept what was offered, or refuse it; custody passes with the acceptance."""
    transfer = transfer_for(session, caller, transfer_id)
    said: dict[str, Any] = {
        **dict(data),
        "at": data.at or clock.now(),
        "differences": [Missed(**dict(one)) for one in data.differences],
        "signature": _signed(data.signature),
    }
    answer_transfer(session, caller, transfer, **said, version=if_match)
    return transfer_shape(session, caller, transfer)


@door("POST", "/v1/transfers/{transfer_id:uuid}/withdrawal", status=200)
def withdraw_by_hand(
    session: Session, caller: Caller, if_match: int | None, transfer_id: FromPath[UUID], data: JSONBody[WithdrawalIn]
) -> TransferShape:
    """Take an offer back before it is answered."""
    transfer = transfer_for(session, caller, transfer_id)
    withdraw_transfer(session, caller, transfer, reason=data.reason, version=if_match)
    return transfer_shape(session, caller, transfer)


doors = [create_transfer, list_transfers, show_transfer, accept_transfer, withdraw_by_hand]
