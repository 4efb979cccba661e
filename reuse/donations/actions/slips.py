"""The slip that goes with what changes hands: one when it is offered, one more when it is answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from labels.values import Imprint, Item, TransferDifference, TransferSlip
from labels.values import Signature as PaperSignature
from reuse.documents.actions import Readers, next_number, order_document
from reuse.donations.actions.papers import imprint_of, local, paper_containers, party
from reuse.donations.models import Container, Transfer
from reuse.donations.queries import tree_of
from reuse.donations.rules import TransferStatus
from reuse.history.rules import Actor
from reuse.people.models import Organisation
from reuse.people.rules import Activity

SLIP = "transfer_slip"


def order_slip(session: Session, actor: Actor, transfer: Transfer) -> None:
    """Have the slip printed: with the giver's signature while it is offered, with both once it is answered.

    The first is the giver's document, the second the receiver's; the other side may read each.
    """
    session.flush()
    is_open = transfer.status == TransferStatus.OFFERED
    issuer, other = (transfer.from_id, transfer.to_id) if is_open else (transfer.to_id, transfer.from_id)
    number = transfer.number if is_open else next_number(session, organisation_id=issuer, prefix="TA")
    imprint = imprint_of(session, number, issuer, transfer.territory_id)
    order_document(
        session,
        actor,
        kind=SLIP,
        value=_slip(session, transfer, imprint),
        number=number,
        organisation_id=issuer,
        readers=_readers(session, transfer.territory_id, other),
        deduplicate=slip_key(transfer.id, "offered" if is_open else "answered"),
    )


def slip_key(transfer_id: UUID, act: str) -> str:
    """What the job and the document of one slip are known by."""
    return f"{SLIP}:{transfer_id}:{act}"


def _readers(session: Session, territory_id: UUID, other_id: UUID) -> Readers:
    activities = set(session.get_one(Organisation, other_id).activities)
    return Readers(
        territory_id=territory_id,
        donor_id=other_id if Activity.donor in activities else None,
        carrier_id=other_id if Activity.carrier in activities else None,
        network_id=other_id if Activity.network in activities else None,
    )


def _slip(session: Session, transfer: Transfer, imprint: Imprint) -> TransferSlip:
    ids = [UUID(one["container_id"]) for one in transfer.content["containers"]]
    roots = session.exec(select(Container).where(col(Container.id).in_(ids)).order_by(col(Container.id))).all()
    every = [container for level in tree_of(session, roots) for container in level]
    answered_at = transfer.answered_at
    return TransferSlip(
        imprint=imprint,
        transfer_number=transfer.number,
        status=transfer.status,
        giver=party(session, transfer.from_id),
        taker=party(session, transfer.to_id),
        offered_at=local(transfer.at, imprint),
        answered_at=local(answered_at, imprint) if answered_at else None,
        sha256=transfer.sha256,
        seals_intact=transfer.seals_intact,
        containers=paper_containers(session, every),
        items=tuple(_item(one) for one in transfer.content["devices"]),
        differences=tuple(_difference(transfer, one) for one in transfer.differences),
        note=transfer.note or "",
        signatures=(
            _signature(transfer.given_by, transfer.at, imprint, "giver"),
            _signature(transfer.taken_by, answered_at, imprint, "taker"),
        ),
    )


def _item(told: dict[str, Any]) -> Item:
    return Item(code=told["label"] or "", category=told["category"], serial=told["serial"] or "")


def _difference(transfer: Transfer, told: dict[str, Any]) -> TransferDifference:
    names = {one["container_id"]: one["code"] for one in transfer.content["containers"]}
    names |= {one["device_id"]: one["label"] or one["serial"] or "" for one in transfer.content["devices"]}
    return TransferDifference(
        told["reason"], names.get(told["container_id"] or told["device_id"], ""), told["note"] or ""
    )


def _signature(signed: dict[str, Any] | None, at: datetime | None, imprint: Imprint, role: str) -> PaperSignature:
    """A box for each side: signed, or left for a pen."""
    if signed is None:
        return PaperSignature(role)
    return PaperSignature(signed["role"], signed["name"], local(at, imprint) if at else None, signed["drawn"] or "")
