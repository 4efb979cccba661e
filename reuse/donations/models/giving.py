from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT, table_name


class Donation(SQLModel, table=True):
    """What a donor parts with, on which ground, and how far it is on its way; numbered in the donor's own series."""

    __table_args__ = (
        CheckConstraint("version >= 1", name="ck_donation_version"),
        Index("uq_donation_donor_number", "donor_id", "number", unique=True),
        Index("ix_donation_territory_status", "territory_id", "status"),
    )

    id: UUID = Field(primary_key=True)
    number: str
    version: int = 1
    status: str
    donor_id: UUID
    registered_by_id: UUID = Field(index=True)
    workshop_id: UUID | None = Field(default=None, index=True)
    territory_id: UUID
    legal_basis: str
    required_erasure: str
    collection_address: Any = Field(default=None, sa_type=DOCUMENT)
    contact: Any = Field(default=None, sa_type=DOCUMENT)
    donor_reference: str | None = None
    notes: str | None = None
    reason: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class DonationLine(SQLModel, table=True):
    """So many of a category. `quantity` is what was said; a line that an import made has none and follows its items."""

    __tablename__ = table_name("donation_line")

    id: UUID = Field(primary_key=True)
    donation_id: UUID = Field(foreign_key="donation.id", index=True)
    category: str
    quantity: int | None = None
    declared: int
    description: str | None = None


class DonationItem(SQLModel, table=True):
    """A device as its donor listed it, which stays what it was when the device turns out to be another.

    `key` names the listed item within its donation for ever, so that no list can be taken in twice.
    """

    __tablename__ = table_name("donation_item")
    __table_args__ = (Index("uq_donation_item_key", "donation_id", "key", unique=True),)

    device_id: UUID = Field(primary_key=True, foreign_key="device.id")
    donation_id: UUID = Field(foreign_key="donation.id")
    key: str
    category: str
    serial: str | None = None
