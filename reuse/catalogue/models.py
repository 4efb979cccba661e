from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from reuse.columns import BIG, DOCUMENT, INSTANT, table_name


class PriceGrid(SQLModel, table=True):
    """The prices of a territory from a day on; it is never changed, a later one takes its place."""

    __tablename__ = table_name("price_grid")
    __table_args__ = (
        Index("uq_price_grid_version", "territory_id", "version", unique=True),
        Index("ix_price_grid_valid_from", "territory_id", "valid_from"),
    )

    id: UUID = Field(primary_key=True)
    territory_id: UUID = Field(foreign_key="territory.id")
    version: str
    currency: str
    valid_from: datetime = Field(sa_type=INSTANT)
    document: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    organisation_id: UUID
    person: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class Listing(SQLModel, table=True):
    """A device was offered at this price, for these reasons; each offer is a row of its own."""

    id: UUID = Field(primary_key=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    territory_id: UUID
    workshop_id: UUID | None
    price_minor: int = Field(sa_type=BIG)
    currency: str
    price_class: str
    grid_version: str
    explanation: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)
    legal_basis: str
    cap_minor: int | None = Field(default=None, sa_type=BIG)
    cap_source: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)
