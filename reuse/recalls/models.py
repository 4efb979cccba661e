from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT, table_name


class Recall(SQLModel, table=True):
    """The word of a tool's version is no longer taken: one per organisation, tool and version, run as often as asked.

    `scope` says whose devices: workshop, territory or all, as whoever asked may see them.
    """

    __table_args__ = (Index("uq_recall_tool", "organisation_id", "tool", "tool_version", unique=True),)

    id: UUID = Field(primary_key=True)
    tool: str
    tool_version: str
    reason: str
    scope: str
    organisation_id: UUID = Field(foreign_key="organisation.id")
    territory_id: UUID
    person: str | None = None
    job_id: UUID | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class RecallLine(SQLModel, table=True):
    """A device that was certified on the recalled word, how it stood when it was found, and what became of it.

    `outcome` is stopped, handed_over, or ended (dismantled, left as waste, given back). For one that is with somebody,
    `receipt_number` and `network_id` say whom to call.
    """

    __tablename__ = table_name("recall_line")

    recall_id: UUID = Field(primary_key=True, foreign_key="recall.id")
    device_id: UUID = Field(primary_key=True, foreign_key="device.id", index=True)
    outcome: str
    status: str
    certificates: list[str] = Field(default_factory=list, sa_type=DOCUMENT)
    receipt_number: str | None = None
    handover_id: UUID | None = None
    network_id: UUID | None = None
    workshop_id: UUID | None = None
    at: datetime = Field(sa_type=INSTANT)
