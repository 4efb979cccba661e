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


class DonationImport(SQLModel, table=True):
    """A list that was sent for a donation; its bytes are kept under `sha256`."""

    __tablename__ = table_name("donation_import")

    id: UUID = Field(primary_key=True)
    donation_id: UUID = Field(foreign_key="donation.id", index=True)
    organisation_id: UUID
    person: str | None = None
    key_id: UUID | None = None
    sha256: str
    file_name: str | None = None
    mode: str
    dry_run: bool
    created_at: datetime = Field(sa_type=INSTANT)


class ImportDevice(SQLModel, table=True):
    """Which device a row of a list means; `is_new` where that import brought it."""

    __tablename__ = table_name("import_device")
    __table_args__ = (Index("uq_import_device", "import_id", "device_id", unique=True),)

    id: UUID = Field(primary_key=True)
    import_id: UUID = Field(foreign_key="donation_import.id")
    device_id: UUID = Field(foreign_key="device.id")
    row: int
    is_new: bool


class ImportFault(SQLModel, table=True):
    """One thing that is wrong in a row of a list."""

    __tablename__ = table_name("import_fault")

    id: UUID = Field(primary_key=True)
    import_id: UUID = Field(foreign_key="donation_import.id", index=True)
    row: int
    column: str | None = None
    code: str
    message: str


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


class Container(SQLModel, table=True):
    """A pallet, crate or cage, with its code and seal, frozen at the pick-up."""

    id: UUID = Field(primary_key=True)
    collection_id: UUID = Field(foreign_key="collection.id", index=True)
    kind: str
    code: str
    seal: str | None = None
    content: str | None = None


class Signature(SQLModel, table=True):
    """Who signed a pick-up or a reception, by the role and name said on the spot."""

    id: UUID = Field(primary_key=True)
    collection_id: UUID = Field(foreign_key="collection.id", index=True)
    act: str
    role: str
    name: str
    at: datetime = Field(sa_type=INSTANT)


class CollectionItem(SQLModel, table=True):
    """A device in a collection: signed away at the pick-up, and what the dock said of it."""

    __tablename__ = table_name("collection_item")

    collection_id: UUID = Field(primary_key=True, foreign_key="collection.id")
    device_id: UUID = Field(primary_key=True, foreign_key="device.id", index=True)
    is_picked_up: bool = False
    outcome: str | None = None
    category: str | None = None
    serial: str | None = None
    note: str | None = None
