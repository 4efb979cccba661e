from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT, table_name


class Donation(SQLModel, table=True):
    """What a donor parts with, on which ground, and how far it is on its way; numbered in the donor's own series.

    Whom to call about it was forgotten at `forgotten_at`, years after anybody had done anything about it.
    """

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
    contacts: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)
    declarations: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    donor_reference: str | None = None
    notes: str | None = None
    reason: str | None = None
    reconciliation_version: int = 0
    agreed_at: datetime | None = Field(default=None, sa_type=INSTANT)
    forgotten_at: datetime | None = Field(default=None, sa_type=INSTANT)
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


class LineRefusal(SQLModel, table=True):
    """What the workshop refused of a line when it accepted the rest, and why; `device_id` where a listed one was named.

    The line's `declared` is what is left; the refusal says what it was before.
    """

    __tablename__ = table_name("line_refusal")

    id: UUID = Field(primary_key=True)
    donation_id: UUID = Field(foreign_key="donation.id", index=True)
    line_id: UUID = Field(foreign_key="donation_line.id")
    device_id: UUID | None = Field(default=None, foreign_key="device.id", unique=True)
    category: str
    quantity: int
    reason: str
    created_at: datetime = Field(sa_type=INSTANT)


class DonationSite(SQLModel, table=True):
    """A place where devices of a donation wait to be fetched; its id stays the same when its facts change.

    `access` tells the carrier what to expect (hours, stairs, lift, dock, parking, note); `slot_wishes` are spans of
    time that suit the donor, `[{"from", "to"}]` in RFC 3339, UTC.
    """

    __tablename__ = table_name("donation_site")

    id: UUID = Field(primary_key=True)
    donation_id: UUID = Field(foreign_key="donation.id", index=True)
    place: int
    name: str
    address: Any = Field(default=None, sa_type=DOCUMENT)
    contact: Any = Field(default=None, sa_type=DOCUMENT)
    access: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    slot_wishes: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)


class DonationItem(SQLModel, table=True):
    """A device as its donor listed it, which stays what it was when the device turns out to be another.

    `key` names the listed item within its donation for ever, so that no list can be taken in twice. It leads its index,
    so that many keys are looked up by the index alone, however many items PostgreSQL expects a donation to have.
    """

    __tablename__ = table_name("donation_item")
    __table_args__ = (Index("uq_donation_item_key", "key", "donation_id", unique=True),)

    device_id: UUID = Field(primary_key=True, foreign_key="device.id")
    donation_id: UUID = Field(foreign_key="donation.id", index=True)
    key: str
    category: str
    serial: str | None = None
