from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from reuse.columns import BIG, DOCUMENT, INSTANT, table_name


class Need(SQLModel, table=True):
    """What a network would take if it were there: so many of a category, by a day, for a purpose."""

    id: UUID = Field(primary_key=True)
    network_id: UUID = Field(index=True)
    territory_id: UUID = Field(index=True)
    category: str
    quantity: int
    min_ram_gb: int | None = None
    before: date | None = None
    purpose: str | None = None
    person: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)
    withdrawn_at: datetime | None = Field(default=None, sa_type=INSTANT)


class Quota(SQLModel, table=True):
    """How many devices a network may take in a period: of one category or of all, one network or each of them."""

    __table_args__ = (CheckConstraint("most >= 0", name="ck_quota_most"),)

    id: UUID = Field(primary_key=True)
    territory_id: UUID = Field(foreign_key="territory.id", index=True)
    network_id: UUID | None = None
    category: str | None = None
    period: str
    most: int


class Reservation(SQLModel, table=True):
    """Devices kept for one network: held until `expires_at`, then confirmed or free again. It is never deleted.

    An offer is a hold that the house made for a need, `offered_for`: so no device is ever offered twice, nor offered
    and reserved, for the same reason that none is reserved twice.
    """

    __table_args__ = (
        CheckConstraint("version >= 1", name="ck_reservation_version"),
        Index("uq_reservation_network_number", "network_id", "number", unique=True),
        Index("ix_reservation_territory_status", "territory_id", "status", "expires_at"),
    )

    id: UUID = Field(primary_key=True)
    number: str
    version: int = 1
    status: str
    network_id: UUID
    territory_id: UUID
    expires_at: datetime = Field(sa_type=INSTANT)
    criteria: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    offered_for: UUID | None = Field(default=None, foreign_key="need.id", index=True)
    extended_at: datetime | None = Field(default=None, sa_type=INSTANT)
    person: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class ReservationLine(SQLModel, table=True):
    """One device in a reservation at the price it was offered for; of one device at most one line is live.

    `need_id` is the need that it serves, where the network had one that it fits; `picked_at` is when the workshop laid
    the device out for the hand-over, and who did, for as long as the reservation keeps it.
    """

    __tablename__ = table_name("reservation_line")
    __table_args__ = (
        Index(
            "uq_reservation_line_live",
            "device_id",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
    )

    id: UUID = Field(primary_key=True)
    reservation_id: UUID = Field(foreign_key="reservation.id", index=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    workshop_id: UUID | None = Field(default=None, index=True)
    need_id: UUID | None = Field(default=None, foreign_key="need.id", index=True)
    price_minor: int = Field(sa_type=BIG)
    currency: str
    live: bool = True
    state: str
    picked_at: datetime | None = Field(default=None, sa_type=INSTANT)
    picked_by: str | None = None
    reason: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)
