from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, func, true
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from reuse.devices.models import Device, Medium
from reuse.handovers.models import Handover, HandoverLine
from reuse.lookup import the_one
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller
from reuse.recalls.models import Recall, RecallLine
from reuse.recalls.rules import Outcome, Scope
from reuse.wiping.models import Certificate, ReportItem, Sanitization


def visible_recalls(caller: Caller) -> ColumnElement[bool]:
    """A recall is seen by the organisation that made it, and by the operator."""
    return sight(caller, dict.fromkeys(Activity, col(Recall.organisation_id) == caller.organisation_id))


def recall_for(session: Session, caller: Caller, recall_id: UUID) -> Recall:
    """The recall, if the caller may know of it; NotFound otherwise."""
    return the_one(session, Recall, recall_id, visible_recalls(caller), "recall")


def in_scope(scope: str, organisation_id: UUID, territory_id: UUID) -> ColumnElement[bool]:
    """The devices that a recall of this scope reaches."""
    if scope == Scope.all:
        return true()
    if scope == Scope.territory:
        return col(Device.territory_id) == territory_id
    return col(Device.workshop_id) == organisation_id


def knows_tool(session: Session, tool: str, tool_version: str, reach: ColumnElement[bool]) -> bool:
    """Whether any device in reach has a medium that this version of the tool speaks of."""
    return session.exec(_spoken_of(tool, tool_version, reach).limit(1)).first() is not None


def _spoken_of(tool: str, tool_version: str, reach: ColumnElement[bool]) -> SelectOfScalar[UUID]:
    return (
        select(Device.id)
        .join(Medium, col(Medium.device_id) == col(Device.id))
        .join(ReportItem, col(ReportItem.medium_id) == col(Medium.id))
        .where(ReportItem.tool == tool, ReportItem.tool_version == tool_version, reach)
    )


def next_certified(session: Session, recall: Recall, *, after: UUID | None, limit: int) -> list[UUID]:
    """The next devices, by id, that have a live acceptance and a medium that the recalled tool speaks of."""
    reach = in_scope(recall.scope, recall.organisation_id, recall.territory_id)
    statement = (
        _spoken_of(recall.tool, recall.tool_version, reach)
        .join(Sanitization, (col(Sanitization.device_id) == col(Device.id)) & col(Sanitization.live))
        .distinct()
        .order_by(col(Device.id))
        .limit(limit)
    )
    return list(session.exec(statement if after is None else statement.where(col(Device.id) > after)))


def rests_on(session: Session, sanitization: Sanitization, recall: Recall) -> bool:
    """Whether an acceptance took this version's word for one of its media at least."""
    named = [UUID(one["item_id"]) for one in sanitization.media if one.get("item_id")]
    word = (col(ReportItem.tool) == recall.tool) & (col(ReportItem.tool_version) == recall.tool_version)
    return session.exec(select(ReportItem.id).where(col(ReportItem.id).in_(named), word).limit(1)).first() is not None


def certificates_of(session: Session, sanitization_id: UUID) -> list[str]:
    """The numbers of the certificates issued on an acceptance."""
    statement = select(Certificate.number).where(Certificate.sanitization_id == sanitization_id)
    return list(session.exec(statement.order_by(col(Certificate.number))))


def receipt_of(session: Session, device_id: UUID) -> Handover | None:
    """The hand-over by which the device is out now."""
    return session.exec(
        select(Handover)
        .join(HandoverLine, col(HandoverLine.handover_id) == col(Handover.id))
        .where(HandoverLine.device_id == device_id, col(HandoverLine.returned_at).is_(None))
    ).first()


def counts_of(session: Session, recall_ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """How many devices of each recall came to which outcome."""
    found = {one: {outcome.value: 0 for outcome in Outcome} for one in recall_ids}
    counted = (
        select(RecallLine.recall_id, RecallLine.outcome, func.count())
        .where(col(RecallLine.recall_id).in_(recall_ids))
        .group_by(col(RecallLine.recall_id), col(RecallLine.outcome))
    )
    for recall_id, outcome, number in session.exec(counted):
        found[recall_id][outcome] = number
    return found
