from dataclasses import asdict
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from sqlmodel import Session, col, select

from reuse.cursors import cut_list, cut_page
from reuse.donations.actions.merging import Pair, merge_devices, proposals_for
from reuse.donations.actions.unmerging import reverse_merge
from reuse.donations.api.shapes import MergeShape, MergesIn, MergesShape, ProposalShape, ReversalIn
from reuse.donations.models import Merge
from reuse.donations.queries import donation_for, donation_to_agree, merge_for
from reuse.people.rules import Caller, Role, require_role
from reuse.web import Page, door, page_of


def merge_shape(merge: Merge) -> MergeShape:
    """The merge as all who see its donation see it."""
    return MergeShape.model_validate(merge.model_dump(include=set(MergeShape.model_fields)))


@door("POST", "/v1/donations/{donation_id:uuid}/merges", status=201)
def merge(session: Session, caller: Caller, donation_id: FromPath[UUID], data: JSONBody[MergesIn]) -> MergesShape:
    """Make devices that were taken in blind one with the listed devices that they are; all pairs or none."""
    donation = donation_for(session, caller, donation_id)
    pairs = [Pair(f"/pairs/{place}", **dict(one)) for place, one in enumerate(data.pairs)]
    return MergesShape(items=[merge_shape(one) for one in merge_devices(session, caller, donation, pairs=pairs)])


@door("GET", "/v1/donations/{donation_id:uuid}/merges")
def list_merges(
    session: Session,
    caller: Caller,
    donation_id: FromPath[UUID],
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[MergeShape]:
    """The merges of a donation, reversed ones too, in their order."""
    donation = donation_to_agree(session, caller, donation_id)
    statement = select(Merge).where(Merge.donation_id == donation.id)
    return page_of(cut_page(session, statement, col(Merge.id), limit=limit, cursor=cursor), merge_shape)


@door("GET", "/v1/donations/{donation_id:uuid}/merges/proposals")
def list_proposals(
    session: Session,
    caller: Caller,
    donation_id: FromPath[UUID],
    limit: FromQuery[int] = 200,
    cursor: FromQuery[str | None] = None,
) -> Page[ProposalShape]:
    """Pairs that might be one device: by serial, asset tag, IMEI, then the only ones of their kind; you decide."""
    require_role(caller, Role.technician, Role.lead)
    donation = donation_for(session, caller, donation_id)
    cut = cut_list(proposals_for(session, caller, donation), limit=limit, cursor=cursor)
    return page_of(cut, lambda one: ProposalShape.model_validate(asdict(one)))


@door("POST", "/v1/merges/{merge_id:uuid}/reversal", status=200)
def reverse(session: Session, caller: Caller, merge_id: FromPath[UUID], data: JSONBody[ReversalIn]) -> MergeShape:
    """Make two devices of one again, as long as nothing rests on the merge that cannot be taken back."""
    return merge_shape(reverse_merge(session, caller, merge_for(session, caller, merge_id), reason=data.reason))


doors = [merge, list_merges, list_proposals, reverse]
