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
    """One device that left, and when it came back; `is_first` where it had never left before, which impact counts."""

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
    returned_at: datetime | None = Field(default=None, sa_type=INSTANT)
    return_reason: str | None = None
    return_note: str | None = None
