from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT


class Scan(SQLModel, table=True):
    """A scan that took effect, remembered so that sending it again does nothing; one that was refused leaves no row.

    `at` is the client's claim, `received_at` when it came here. `before` holds what the scan changed, for its undoing.
    """

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    device_id: UUID = Field(index=True)
    action: str
    code: str
    status: str
    version: int
    before: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    at: datetime = Field(sa_type=INSTANT)
    received_at: datetime = Field(sa_type=INSTANT, index=True)
    warning: str | None = None
    person: str | None = None
    key_id: UUID | None = None
    station: str | None = None
    data: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
