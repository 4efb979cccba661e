from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT, table_name


class Vehicle(SQLModel, table=True):
    """A van or lorry of a workshop or carrier, with what it carries: kilograms of payload, cubic metres of room."""

    __table_args__ = (
        CheckConstraint("version >= 1", name="ck_vehicle_version"),
        Index("uq_vehicle_organisation_name", "organisation_id", "name", unique=True),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    organisation_id: UUID
    name: str
    payload_kg: float
    volume_m3: float
    in_use: bool = True
    created_at: datetime = Field(sa_type=INSTANT)


class CollectionSlot(SQLModel, table=True):
    """A time at which a workshop can have so many collections; `booked` counts those that have it now.

    The database refuses one too many, whoever asks at the same moment.
    """

    __tablename__ = table_name("collection_slot")
    __table_args__ = (
        CheckConstraint("booked >= 0 AND booked <= capacity", name="ck_collection_slot_booked"),
        CheckConstraint("version >= 1", name="ck_collection_slot_version"),
        Index("ix_collection_slot_workshop_start", "workshop_id", "starts_at"),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    workshop_id: UUID
    territory_id: UUID = Field(index=True)
    starts_at: datetime = Field(sa_type=INSTANT)
    ends_at: datetime = Field(sa_type=INSTANT)
    capacity: int
    booked: int = 0
    is_open: bool = True
    vehicle_id: UUID | None = Field(default=None, foreign_key="vehicle.id")
    note: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class WishedSlot(SQLModel, table=True):
    """A slot of the calendar that a donor would like for its donation, the dearest first; a wish books nothing."""

    __tablename__ = table_name("wished_slot")

    donation_id: UUID = Field(primary_key=True, foreign_key="donation.id")
    slot_id: UUID = Field(primary_key=True, foreign_key="collection_slot.id", index=True)
    rank: int


class ExpectedCount(SQLModel, table=True):
    """Which part of a donation a collection is to fetch, where it does not fetch all that is left."""

    __tablename__ = table_name("expected_count")

    id: UUID = Field(primary_key=True)
    collection_id: UUID = Field(foreign_key="collection.id", index=True)
    donation_id: UUID = Field(foreign_key="donation.id")
    category: str
    quantity: int


class Rescheduling(SQLModel, table=True):
    """That a collection got another time: the one it had, the one it got, and why."""

    id: UUID = Field(primary_key=True)
    collection_id: UUID = Field(foreign_key="collection.id", index=True)
    planned_at: datetime = Field(sa_type=INSTANT)
    moved_to: datetime = Field(sa_type=INSTANT)
    slot_id: UUID | None = None
    reason: str
    note: str | None = None
    organisation_id: UUID
    created_at: datetime = Field(sa_type=INSTANT)


class Round(SQLModel, table=True):
    """One vehicle's way over several stops on one day; departure, start and order are a proposal or set by hand."""

    __table_args__ = (
        CheckConstraint("version >= 1", name="ck_round_version"),
        Index("uq_round_workshop_number", "workshop_id", "number", unique=True),
        Index("ix_round_workshop_date", "workshop_id", "date"),
    )

    id: UUID = Field(primary_key=True)
    number: str
    version: int = 1
    status: str
    date: date
    workshop_id: UUID
    carrier_id: UUID = Field(index=True)
    territory_id: UUID = Field(index=True)
    vehicle_id: UUID | None = Field(default=None, foreign_key="vehicle.id")
    over_capacity_reason: str | None = None
    departs_at: datetime = Field(sa_type=INSTANT)
    ends_at: datetime = Field(sa_type=INSTANT)
    start: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    basis: str
    kilometres: float | None = None
    notes: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class RoundStop(SQLModel, table=True):
    """One address of one donor where a round calls for a collection; a collection with three sites has three stops.

    `said` is what was said of this stop when the round was made (coordinates, hours, minutes), and goes before what the
    site tells.
    """

    __tablename__ = table_name("round_stop")

    id: UUID = Field(primary_key=True)
    round_id: UUID = Field(foreign_key="round.id", index=True)
    collection_id: UUID = Field(foreign_key="collection.id", index=True)
    donor_id: UUID
    donation_ids: list[str] = Field(default_factory=list, sa_type=DOCUMENT)
    site_ids: list[str] = Field(default_factory=list, sa_type=DOCUMENT)
    place: int
    arrives_from: datetime = Field(sa_type=INSTANT)
    arrives_to: datetime = Field(sa_type=INSTANT)
    late_minutes: int = 0
    why: str
    said: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
