from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.donations.actions.collections import Signed
from reuse.donations.actions.loading import Box
from reuse.donations.actions.pickup import Count, Reserve, pick_up
from reuse.donations.actions.reception import Extra, Seen, receive_collection
from reuse.donations.actions.scheduling import plan_collection
from reuse.donations.api.plans import plan_of
from reuse.donations.api.shapes import (
    CollectionIn,
    CollectionShape,
    ContainerShape,
    ExtraShape,
    PhotoShape,
    PickupIn,
    ReceptionIn,
    SignatureShape,
)
from reuse.donations.models import Collection, CollectionDonation
from reuse.donations.queries import collection_for, details_for, visible_collections
from reuse.people.rules import Caller
from reuse.web import Page, door, page_of

LINK = {"id", "collection_id", "at", "act"}


def collection_shape(session: Session, caller: Caller, collection: Collection) -> CollectionShape:
    """The collection as the caller may see it."""
    session.flush()
    details = details_for(session, caller, collection)
    own: dict[str, Any] = {
        "donation_ids": [donation.id for donation in details.donations],
        "counts": [count.model_dump(exclude=LINK) for count in details.counts],
        "containers": [box.model_dump(include=set(ContainerShape.model_fields)) for box in details.containers],
        "signatures": [signature.model_dump(include={"role", "name"}) for signature in details.signatures],
        "reserves": [reserve.model_dump(exclude=LINK) for reserve in details.reserves],
        "photos": [photo.model_dump(include=set(PhotoShape.model_fields)) for photo in details.photos],
        "documents": [vars(paper) for paper in details.papers],
        "reconciliation": details.reconciliation,
        **plan_of(session, caller, collection, details.donations),
    }
    facts = collection.model_dump(include=set(CollectionShape.model_fields) - set(own))
    return CollectionShape.model_validate({**facts, **own})


def _signed(signatures: Sequence[SignatureShape]) -> list[Signed]:
    return [Signed(**dict(one)) for one in signatures]


@door("POST", "/v1/collections", status=201)
def create_collection(session: Session, caller: Caller, data: JSONBody[CollectionIn]) -> CollectionShape:
    """Plan to fetch accepted donations of one workshop."""
    expected = None if data.expected is None else [Count(**dict(count)) for count in data.expected]
    facts = data.model_dump(exclude={"expected"})
    collection = plan_collection(session, caller, expected=expected, **facts)
    return collection_shape(session, caller, collection)


@door("GET", "/v1/collections")
def list_collections(
    session: Session,
    caller: Caller,
    status: FromQuery[str | None] = None,
    donation_id: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[CollectionShape]:
    """The collections that the caller may see, in the order of their planning."""
    statement = select(Collection).where(visible_collections(caller))
    if status:
        statement = statement.where(Collection.status == status)
    if donation_id:
        linked = select(CollectionDonation.collection_id).where(CollectionDonation.donation_id == donation_id)
        statement = statement.where(col(Collection.id).in_(linked))
    cut = cut_page(session, statement, col(Collection.id), limit=limit, cursor=cursor)
    return page_of(cut, lambda collection: collection_shape(session, caller, collection))


@door("GET", "/v1/collections/{collection_id:uuid}")
def show_collection(session: Session, caller: Caller, collection_id: FromPath[UUID]) -> CollectionShape:
    """One collection."""
    return collection_shape(session, caller, collection_for(session, caller, collection_id))


@door("POST", "/v1/collections/{collection_id:uuid}/pickup", status=200)
def enter_pickup(
    session: Session, caller: Caller, if_match: int | None, collection_id: FromPath[UUID], data: JSONBody[PickupIn]
) -> CollectionShape:
    """Sign devices away to the carrier: all that are listed, or those whose serials are given."""
    collection = collection_for(session, caller, collection_id)
    pick_up(
        session,
        caller,
        collection,
        at=data.at,
        counts=None if data.counts is None else [Count(**dict(count)) for count in data.counts],
        serials=data.serials,
        containers=[Box(**dict(box)) for box in data.containers],
        reserves=[Reserve(**dict(reserve)) for reserve in data.reserves],
        signatures=_signed(data.signatures),
        version=if_match,
    )
    return collection_shape(session, caller, collection)


@door("POST", "/v1/collections/{collection_id:uuid}/reception", status=200)
def enter_reception(
    session: Session, caller: Caller, if_match: int | None, collection_id: FromPath[UUID], data: JSONBody[ReceptionIn]
) -> CollectionShape:
    """Take in what came; the answer reconciles declared, picked up and received."""
    collection = collection_for(session, caller, collection_id)
    receive_collection(
        session,
        caller,
        collection,
        at=data.at,
        seen=[Seen(f"/devices/{place}", **dict(one)) for place, one in enumerate(data.devices)],
        extra=[_extra(place, one) for place, one in enumerate(data.extra)],
        signatures=_signed(data.signatures),
        version=if_match,
    )
    return collection_shape(session, caller, collection)


def _extra(place: int, shape: ExtraShape) -> Extra:
    facts = shape.model_dump(include={"manufacturer", "model", "condition"})
    return Extra(f"/extra/{place}", **shape.model_dump(exclude=set(facts)), facts=facts)


doors = [create_collection, list_collections, show_collection, enter_pickup, enter_reception]
