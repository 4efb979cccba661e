from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from reuse.columns import BIG, DOCUMENT, INSTANT, table_name


class Handover(SQLModel, table=True):
    """Devices of one workshop that a network, or a person through it, took home together.

    Of a beneficiary only what spec/process.md allows is kept: no name, no papers, no income. From `forgotten_at` on
    only what is no sign of one person: reuse/privacy/rules.py.
    """

    __table_args__ = (Index("uq_handover_workshop_number", "workshop_id", "number", unique=True),)

    id: UUID = Field(primary_key=True)
    number: str
    kind: str
    reservation_id: UUID = Field(foreign_key="reservation.id", index=True)
    network_id: UUID = Field(index=True)
    workshop_id: UUID
    territory_id: UUID = Field(index=True)
    at: datetime = Field(sa_type=INSTANT)
    recorded_at: datetime = Field(sa_type=INSTANT)
    slip_number: str | None = None
    total_minor: int = Field(sa_type=BIG)
    currency: str
    paid_minor: int | None = Field(default=None, sa_type=BIG)
    payment_method: str | None = None
    beneficiary_pseudonym: str | None = Field(default=None, index=True)
    beneficiary_commune_insee: str | None = None
    beneficiary_qpv: str | None = None
    beneficiary_age_band: str | None = None
    beneficiary_prescriber: str | None = None
    accessories: list[dict[str, Any]] | None = Field(default=None, sa_type=DOCUMENT)
    warnings: list[dict[str, str]] = Field(default_factory=list, sa_type=DOCUMENT)
    signature: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    receipt_job_id: UUID
    person: str | None = None
    forgotten_at: datetime | None = Field(default=None, sa_type=INSTANT)


class HandoverContact(SQLModel, table=True):
    """How a person can be reached under warranty, sealed under the key `key_id`; the row goes when `until` is over."""

    __tablename__ = table_name("handover_contact")

    handover_id: UUID = Field(primary_key=True, foreign_key="handover.id")
    key_id: str = Field(index=True)
    sealed: str
    until: date = Field(index=True)
    created_at: datetime = Field(sa_type=INSTANT)


class HandoverLine(SQLModel, table=True):
    """One device that left, and when it came back; `is_first` where it had never left before, which impact counts.

    `case_id` is the warranty case under which it left. What was repaired and handed back stands in for the line that
    was paid for, `continues_id`; `is_continued` where that line's return was never taken back from the impact.
    """

    __tablename__ = table_name("handover_line")
    __table_args__ = (
        Index(
            "uq_handover_line_out",
            "device_id",
            unique=True,
            sqlite_where=text("returned_at IS NULL"),
            postgresql_where=text("returned_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    handover_id: UUID = Field(foreign_key="handover.id", index=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    kind: str
    at: datetime = Field(sa_type=INSTANT, index=True)
    is_first: bool
    price_minor: int = Field(sa_type=BIG)
    currency: str
    legal_cap_minor: int | None = Field(default=None, sa_type=BIG)
    cap_source: str | None = None
    refurbished: bool = False
    warranty_until: date | None = None
    presumption_until: date | None = None
    case_id: UUID | None = Field(default=None, index=True)
    continues_id: UUID | None = Field(default=None, foreign_key="handover_line.id")
    is_continued: bool = False
    returned_at: datetime | None = Field(default=None, sa_type=INSTANT)
    return_reason: str | None = None
    return_note: str | None = None


class WarrantyCase(SQLModel, table=True):
    """A complaint about a device that was handed over, and what became of it; of one device at most one is open.

    Terms are those of the line with which it left, frozen. `sale_line_id` is the line that was paid for, `owed_back`
    says that a device whose case ended without a remedy, or with a part of its price, is here and its holder's.
    """

    __tablename__ = table_name("warranty_case")
    __table_args__ = (
        Index("uq_warranty_case_number", "workshop_id", "number", unique=True),
        Index(
            "uq_warranty_case_open",
            "device_id",
            unique=True,
            sqlite_where=text("status IN ('open', 'in_repair')"),
            postgresql_where=text("status IN ('open', 'in_repair')"),
        ),
        Index("ix_warranty_case_network", "network_id", "status"),
        Index("ix_warranty_case_workshop", "workshop_id", "status"),
    )

    id: UUID = Field(primary_key=True)
    number: str
    version: int = 1
    status: str
    device_id: UUID = Field(foreign_key="device.id", index=True)
    line_id: UUID = Field(foreign_key="handover_line.id")
    sale_line_id: UUID = Field(foreign_key="handover_line.id")
    handover_id: UUID = Field(foreign_key="handover.id")
    network_id: UUID
    workshop_id: UUID
    territory_id: UUID = Field(index=True)
    defect: str | None = None
    words: str
    note: str | None = None
    reported_at: datetime = Field(sa_type=INSTANT)
    opened_at: datetime = Field(sa_type=INSTANT)
    organisation_id: UUID
    person: str | None = None
    warranty_until: date | None = None
    presumption_until: date | None = None
    under_warranty: bool
    presumed: bool
    due_on: date | None = None
    warnings: list[dict[str, str]] = Field(default_factory=list, sa_type=DOCUMENT)
    reason: str | None = None
    owed_back: bool = False
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)
    remedy_handover_id: UUID | None = Field(default=None, foreign_key="handover.id")
    new_device_id: UUID | None = Field(default=None, foreign_key="device.id")


class Refund(SQLModel, table=True):
    """Money given back for a line that was paid for, under a warranty case; one a case."""

    id: UUID = Field(primary_key=True)
    number: str
    case_id: UUID = Field(foreign_key="warranty_case.id", unique=True)
    sale_line_id: UUID = Field(foreign_key="handover_line.id", index=True)
    handover_id: UUID = Field(foreign_key="handover.id", index=True)
    amount_minor: int = Field(sa_type=BIG)
    currency: str
    method: str
    on: date
    note: str | None = None
    document_job_id: UUID
    organisation_id: UUID
    person: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class Voucher(SQLModel, table=True):
    """A prescriber's word that somebody is eligible, good for one hand-over; of its code a keyed hash alone is kept."""

    __table_args__ = (Index("ix_voucher_territory", "territory_id", "organisation_id"),)

    id: UUID = Field(primary_key=True)
    batch_id: UUID = Field(index=True)
    territory_id: UUID = Field(foreign_key="territory.id")
    organisation_id: UUID
    prescriber: str
    category: str | None = None
    valid_until: date | None = None
    code_hmac: str = Field(unique=True)
    person: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)
    used_at: datetime | None = Field(default=None, sa_type=INSTANT)
    handover_id: UUID | None = Field(default=None, foreign_key="handover.id", index=True)
    revoked_at: datetime | None = Field(default=None, sa_type=INSTANT)
    revoked_reason: str | None = None


class HouseholdServed(SQLModel, table=True):
    """That a household was served, known by a keyed hash alone, until the day on which it may be again.

    `freed_at` where all of the hand-over came back. Only a lead's override lets a second row count beside the first.
    """

    __tablename__ = table_name("household_served")
    __table_args__ = (
        Index(
            "uq_household_served",
            "territory_id",
            "household_hmac",
            unique=True,
            sqlite_where=text("freed_at IS NULL AND NOT is_override"),
            postgresql_where=text("freed_at IS NULL AND NOT is_override"),
        ),
    )

    id: UUID = Field(primary_key=True)
    territory_id: UUID = Field(foreign_key="territory.id")
    household_hmac: str
    handover_id: UUID = Field(foreign_key="handover.id", index=True)
    until: date = Field(index=True)
    is_override: bool = False
    freed_at: datetime | None = Field(default=None, sa_type=INSTANT)


class PaperSlip(SQLModel, table=True):
    """A printed slip for one hand-over without a connection; `handover_id` is what it was entered as, once."""

    __tablename__ = table_name("paper_slip")
    __table_args__ = (Index("uq_paper_slip_number", "workshop_id", "number", unique=True),)

    id: UUID = Field(primary_key=True)
    number: str
    reservation_id: UUID = Field(foreign_key="reservation.id", index=True)
    network_id: UUID
    workshop_id: UUID
    territory_id: UUID
    person: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)
    taken_at: datetime | None = Field(default=None, sa_type=INSTANT)
    handover_id: UUID | None = Field(default=None, foreign_key="handover.id", unique=True)
