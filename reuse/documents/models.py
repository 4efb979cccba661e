from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from reuse.columns import INSTANT, table_name


class NumberSeries(SQLModel, table=True):
    """The last number given in a series of one organisation and year, such as CE-2026-000123."""

    __tablename__ = table_name("number_series")

    organisation_id: UUID = Field(primary_key=True)
    prefix: str = Field(primary_key=True)
    year: int = Field(primary_key=True)
    last: int


class Document(SQLModel, table=True):
    """A rendered document: stored once, hashed, numbered, never overwritten.

    Once its term is over its bytes go (`erased_at`); number and hash remain.
    """

    id: UUID = Field(primary_key=True)
    kind: str
    number: str | None = None
    title: str
    media_type: str
    file_name: str
    sha256: str = Field(index=True)
    size: int
    deduplicate: str | None = Field(default=None, unique=True)
    organisation_id: UUID | None = Field(default=None, index=True)
    territory_id: UUID | None = Field(default=None, index=True)
    donor_id: UUID | None = Field(default=None, index=True)
    network_id: UUID | None = Field(default=None, index=True)
    carrier_id: UUID | None = Field(default=None, index=True)
    donation_id: UUID | None = Field(default=None, index=True)
    device_id: UUID | None = Field(default=None, index=True)
    created_at: datetime = Field(sa_type=INSTANT)
    erased_at: datetime | None = Field(default=None, sa_type=INSTANT)
