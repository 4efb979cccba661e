from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
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
    """A device was offered at this price, for these reasons; each offer is a row of its own.

    `score_explanation` are the lines of the grading that gave the score; in a bundle the price is the device's share.
    """

    __table_args__ = (Index("ix_listing_territory", "territory_id", "created_at"),)

    id: UUID = Field(primary_key=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    territory_id: UUID
    workshop_id: UUID | None
    price_minor: int = Field(sa_type=BIG)
    currency: str
    score: int
    score_explanation: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)
    as_gift: bool = False
    bundle_id: UUID | None = None
    category: str
    price_class: str
    grid_version: str
    explanation: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)
    legal_basis: str
    cap_minor: int | None = Field(default=None, sa_type=BIG)
    cap_source: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class Bundle(SQLModel, table=True):
    """Devices offered together at one price, until they are taken apart."""

    __table_args__ = (Index("ix_bundle_workshop", "workshop_id"), Index("ix_bundle_territory", "territory_id"))

    id: UUID = Field(primary_key=True)
    kind: str
    territory_id: UUID
    workshop_id: UUID
    price_minor: int = Field(sa_type=BIG)
    currency: str
    explanation: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)
    cap_minor: int | None = Field(default=None, sa_type=BIG)
    cap_source: str | None = None
    person: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)
    taken_apart_at: datetime | None = Field(default=None, sa_type=INSTANT)


class BundlePart(SQLModel, table=True):
    """A device's place (from 0) in a bundle, and its share of the price; live in one bundle at most."""

    __tablename__ = table_name("bundle_part")
    __table_args__ = (
        Index(
            "uq_bundle_part_live",
            "device_id",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
    )

    bundle_id: UUID = Field(primary_key=True, foreign_key="bundle.id")
    device_id: UUID = Field(primary_key=True, foreign_key="device.id")
    place: int
    share_minor: int = Field(sa_type=BIG)
    listing_id: UUID = Field(foreign_key="listing.id")
    live: bool = True
