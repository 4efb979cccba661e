from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT

IS_TOLD = text("(CAST(payload AS VARCHAR) <> '{}' OR person IS NOT NULL)")
"""Jobs of which it is still known what they had to do, or for whom; as literal text, which an index can be held to."""

_ENDED = text(f"finished_at IS NOT NULL AND {IS_TOLD.text}")


class Job(SQLModel, table=True):
    """Work to do after a commit: the row is the truth, a message to a worker only says that it is there."""

    __table_args__ = (
        Index("ix_job_open", "state", "available_at", postgresql_where=text("state IN ('queued', 'running')")),
        Index("ix_job_told", "finished_at", sqlite_where=_ENDED, postgresql_where=_ENDED),
    )

    id: UUID = Field(primary_key=True)
    kind: str
    state: str
    organisation_id: UUID | None = Field(default=None, index=True)
    person: str | None = None
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    deduplicate: str | None = Field(default=None, unique=True)
    progress_done: int = 0
    progress_total: int = 0
    result: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    problem: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    attempts: int = 0
    token: int = 0
    available_at: datetime = Field(sa_type=INSTANT)
    published_at: datetime | None = Field(default=None, sa_type=INSTANT)
    lease_until: datetime | None = Field(default=None, sa_type=INSTANT)
    created_at: datetime = Field(sa_type=INSTANT)
    finished_at: datetime | None = Field(default=None, sa_type=INSTANT)
