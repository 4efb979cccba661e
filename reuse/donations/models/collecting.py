from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT, table_name


class Collection(SQLModel, table=True):
    """One journey of devices from their donors to a workshop: planned, signed away, received."""

    __table_args__ = (
        CheckConstraint("version >= 1", name="ck_collection_version"),
        Index("uq_collection_workshop_number", "workshop_id", "number", unique=True),
    )

    id: UUID = Field(primary_key=True)
    number: str
    version: int = 1
    status: str
    mode: str
    workshop_id: UUID
    carrier_id: UUID = Field(index=True)
    territory_id: UUID = Field(index=True)
    vehicle: str | None = None
    vehicle_id: UUID | None = Field(default=None, foreign_key="vehicle.id")
    over_capacity_reason: str | None = None
    slot_id: UUID | None = Field(default=None, foreign_key="collection_slot.id", index=True)
    round_id: UUID | None = Field(default=None, foreign_key="round.id", index=True)
    tracking_number: str | None = None
    carrier_name: str | None = None
    no_shows: int = 0
    planned_at: datetime = Field(sa_type=INSTANT)
    picked_up_at: datetime | None = Field(default=None, sa_type=INSTANT)
    received_at: datetime | None = Field(default=None, sa_type=INSTANT)
    reconciliation: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    created_at: datetime = Field(sa_type=INSTANT)


class CollectionDonation(SQLModel, table=True):
    """A donation that a collection fetches, in whole or in part; its own reconciliation is what its donor sees."""

    __tablename__ = table_name("collection_donation")

    collection_id: UUID = Field(primary_key=True, foreign_key="collection.id")
    donation_id: UUID = Field(primary_key=True, foreign_key="donation.id", index=True)
    reconciliation: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)


class PickupCount(SQLModel, table=True):
    """How many of a category were signed away; without donation where several were counted together."""

    __tablename__ = table_name("pickup_count")

    id: UUID = Field(primary_key=True)
    collection_id: UUID = Field(foreign_key="collection.id", index=True)
    donation_id: UUID | None = Field(default=None, foreign_key="donation.id")
    category: str
    quantity: int


class PickupReserve(SQLModel, table=True):
    """What a party to a pick-up did not agree to sign for as it stands, in its own words."""

    __tablename__ = table_name("pickup_reserve")

    id: UUID = Field(primary_key=True)
    collection_id: UUID = Field(foreign_key="collection.id", index=True)
    donation_id: UUID = Field(foreign_key="donation.id")
    category: str | None = None
    serial: str | None = None
    text: str


class CollectionPhoto(SQLModel, table=True):
    """A photo of a pick-up, kept as a document; of one donation, where the collection fetches several."""

    __tablename__ = table_name("collection_photo")

    document_id: UUID = Field(primary_key=True, foreign_key="document.id")
    collection_id: UUID = Field(foreign_key="collection.id", index=True)
    donation_id: UUID | None = Field(default=None, foreign_key="donation.id")
    caption: str | None = None


class Signature(SQLModel, table=True):
    """Who signed a pick-up or a reception, by the role and name said on the spot; `drawn` where with a finger."""

    id: UUID = Field(primary_key=True)
    collection_id: UUID = Field(foreign_key="collection.id", index=True)
    act: str
    role: str
    name: str
    drawn: str | None = None
    at: datetime = Field(sa_type=INSTANT)


class CollectionItem(SQLModel, table=True):
    """A device in a collection: scanned at the donor's, signed away at the pick-up, and what the dock said of it."""

    __tablename__ = table_name("collection_item")

    collection_id: UUID = Field(primary_key=True, foreign_key="collection.id")
    device_id: UUID = Field(primary_key=True, foreign_key="device.id", index=True)
    loaded_at: datetime | None = Field(default=None, sa_type=INSTANT)
    is_picked_up: bool = False
    outcome: str | None = None
    category: str | None = None
    serial: str | None = None
    note: str | None = None
