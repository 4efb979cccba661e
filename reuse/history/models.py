from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT, table_name


class HistoryRecord(SQLModel, table=True):
    """One thing that happened to one device, donation, certificate…; never removed, and never changed but in one way.

    Where its personal part is forgotten, `seal` stands for it in the chain, and the salt is gone with the names.
    """

    __tablename__ = table_name("history_record")
    __table_args__ = (Index("uq_history_record_thing_seq", "thing", "thing_id", "seq", unique=True),)

    id: UUID = Field(primary_key=True)
    thing: str
    thing_id: UUID
    seq: int
    verb: str
    from_state: str | None = None
    to_state: str | None = None
    at: datetime = Field(sa_type=INSTANT)
    recorded_at: datetime = Field(sa_type=INSTANT)
    organisation_id: UUID | None = Field(default=None, index=True)
    person: str | None = None
    key_id: UUID | None = None
    data: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    salt: str
    seal: str | None = None
    previous: str
    hash: str


class HistoryHead(SQLModel, table=True):
    """The end of each chain: it makes a cut-off tail visible, and a new record cheap."""

    __tablename__ = table_name("history_head")

    thing: str = Field(primary_key=True)
    thing_id: UUID = Field(primary_key=True)
    seq: int
    hash: str
