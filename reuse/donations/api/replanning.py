from uuid import UUID

from litestar.params import FromPath, JSONBody
from sqlmodel import Session

from reuse.donations.actions.replanning import call_off_collection, reschedule
from reuse.donations.actions.scheduling import change_plan
from reuse.donations.api.collections import collection_shape
from reuse.donations.api.shapes import CollectionMove, CollectionShape, PlanChange, ReschedulingIn
from reuse.donations.queries import collection_for
from reuse.people.rules import Caller
from reuse.web import door


@door("PATCH", "/v1/collections/{collection_id:uuid}")
def edit_plan(
    session: Session, caller: Caller, if_match: int | None, collection_id: FromPath[UUID], data: JSONBody[PlanChange]
) -> CollectionShape:
    """Change the vehicle of a collection, or a parcel's number and service."""
    collection = collection_for(session, caller, collection_id)
    change_plan(session, caller, collection, version=if_match, **data.model_dump(exclude_unset=True))
    return collection_shape(session, caller, collection)


@door("POST", "/v1/collections/{collection_id:uuid}/reschedulings", status=201)
def create_rescheduling(
    session: Session,
    caller: Caller,
    if_match: int | None,
    collection_id: FromPath[UUID],
    data: JSONBody[ReschedulingIn],
) -> CollectionShape:
    """Give a planned collection another time; the old one stays in `plan_history`, a no-show is counted."""
    collection = collection_for(session, caller, collection_id)
    reschedule(session, caller, collection, version=if_match, **dict(data))
    return collection_shape(session, caller, collection)


@door("POST", "/v1/collections/{collection_id:uuid}/moves", status=200)
def move_collection(
    session: Session,
    caller: Caller,
    if_match: int | None,
    collection_id: FromPath[UUID],
    data: JSONBody[CollectionMove],
) -> CollectionShape:
    """Call a planned collection off; donations that no other collection fetches are accepted again."""
    collection = collection_for(session, caller, collection_id)
    call_off_collection(session, caller, collection, reason=data.reason, version=if_match)
    return collection_shape(session, caller, collection)


doors = [edit_plan, create_rescheduling, move_collection]
