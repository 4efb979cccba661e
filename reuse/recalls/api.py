from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.devices.api.inputs import Line
from reuse.people.rules import Caller
from reuse.recalls.actions import recall_tool
from reuse.recalls.models import Recall, RecallLine
from reuse.recalls.queries import counts_of, recall_for, visible_recalls
from reuse.web import Answer, JobAccepted, Page, Shape, door, job_accepted, page_of


class RecallInput(Shape):
    """The tool and its version as erasure reports show them, and why its word is no longer taken."""

    tool: Line
    tool_version: Line
    reason: Annotated[str, Field(min_length=3, max_length=500)]


class RecallShape(Shape):
    """A recall and how many devices it stopped, found handed over, or found at an end of their journey."""

    id: UUID
    tool: str
    tool_version: str
    reason: str
    scope: str
    job_id: UUID | None
    stopped: int
    handed_over: int
    ended: int
    created_at: datetime


class RecalledDeviceShape(Shape):
    """A device found by a recall, as it stood then; where it is out, `receipt_number` and `network_id` say with whom.

    `certificates` rest on the recalled word; whoever accepts sanitizations decides whether to revoke them.
    """

    device_id: UUID
    outcome: str
    status: str
    certificates: list[str]
    receipt_number: str | None
    handover_id: UUID | None
    network_id: UUID | None
    workshop_id: UUID | None
    at: datetime


def _shape(recall: Recall, counts: dict[str, int]) -> RecallShape:
    plain = recall.model_dump(include=set(RecallShape.model_fields) - counts.keys())
    return RecallShape.model_validate({**plain, **counts})


@door("POST", "/v1/recalls", status=202)
def start_recall(session: Session, caller: Caller, data: JSONBody[RecallInput]) -> JobAccepted:
    """Recall every device certified on the word of a tool's version: stop what is here, list what is out.

    The job's result is `{"recall_id": …, "stopped": …, "handed_over": …, "ended": …}`.
    """
    accepted: Answer = job_accepted(recall_tool(session, caller, **data.model_dump()))
    return accepted  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


@door("GET", "/v1/recalls")
def list_recalls(
    session: Session, caller: Caller, limit: FromQuery[int] = 50, cursor: FromQuery[str | None] = None
) -> Page[RecallShape]:
    """The recalls of the caller's organisation, oldest first."""
    cut = cut_page(session, select(Recall).where(visible_recalls(caller)), col(Recall.id), limit=limit, cursor=cursor)
    counts = counts_of(session, [row.id for row in cut.rows])
    return page_of(cut, lambda row: _shape(row, counts[row.id]))


@door("GET", "/v1/recalls/{recall_id:uuid}")
def show_recall(session: Session, caller: Caller, recall_id: FromPath[UUID]) -> RecallShape:
    """One recall and its counts."""
    recall = recall_for(session, caller, recall_id)
    return _shape(recall, counts_of(session, [recall.id])[recall.id])


@door("GET", "/v1/recalls/{recall_id:uuid}/devices")
def list_recalled_devices(
    session: Session,
    caller: Caller,
    recall_id: FromPath[UUID],
    outcome: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[RecalledDeviceShape]:
    """The devices that a recall found; `outcome=handed_over` is the list of whom to call."""
    statement = select(RecallLine).where(RecallLine.recall_id == recall_for(session, caller, recall_id).id)
    if outcome is not None:
        statement = statement.where(RecallLine.outcome == outcome)
    cut = cut_page(session, statement, col(RecallLine.device_id), limit=limit, cursor=cursor)
    fields = set(RecalledDeviceShape.model_fields)
    return page_of(cut, lambda row: RecalledDeviceShape(**row.model_dump(include=fields)))


doors = [start_recall, list_recalls, show_recall, list_recalled_devices]
