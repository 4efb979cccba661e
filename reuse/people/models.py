from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT, table_name


class Territory(SQLModel, table=True):
    """A metropole or region: it fixes currency, time zone, language, price grid and electricity factor.

    `offer_hours` is how long a device is kept for the need it is offered to; None where nothing is offered unasked.
    `voucher_required`: persons need a prescriber's voucher; within `household_months` a household gets one device.
    """

    id: UUID = Field(primary_key=True)
    name: str
    currency: str
    country: str
    language: str
    timezone: str
    policy_version: int = 1
    accepts_not_verified: bool = False
    two_persons: bool = False
    offer_hours: int | None = None
    voucher_required: bool = False
    household_months: int | None = None
    is_default: bool = Field(default=False)
    created_at: datetime = Field(sa_type=INSTANT)


class Organisation(SQLModel, table=True):
    """A donor, carrier, workshop, network, territory or operator; it may be several of them.

    `privacy_contact` is whom persons may turn to about their data, or the data protection officer: it is published.
    """

    id: UUID = Field(primary_key=True)
    territory_id: UUID = Field(foreign_key="territory.id", index=True)
    name: str
    legal_form: str
    quality: str | None = None
    country: str
    siret: str | None = None
    privacy_contact: str | None = None
    activities: list[str] = Field(default_factory=list, sa_type=DOCUMENT)
    created_at: datetime = Field(sa_type=INSTANT)


class AccessRecord(SQLModel, table=True):
    """Who read, exported or erased personal data of which thing, when and why; never what it said.

    `owner_id` is the organisation whose data it is. A record is swept a year later (reuse/data/retention.json).
    """

    __tablename__ = table_name("access_record")
    __table_args__ = (Index("ix_access_record_owner", "owner_id", "id"),)

    id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=INSTANT)
    organisation_id: UUID = Field(index=True)
    person: str | None = None
    key_id: UUID | None = None
    act: str
    thing: str
    thing_id: UUID
    owner_id: UUID
    reason: str


class ApiKey(SQLModel, table=True):
    """A key of an organisation: what is kept is an HMAC of its secret, which nobody can turn back."""

    __tablename__ = table_name("api_key")

    id: UUID = Field(primary_key=True)
    public_id: str = Field(unique=True, index=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    person: str | None = None
    roles: list[str] = Field(default_factory=list, sa_type=DOCUMENT)
    secret_hmac: str
    created_at: datetime = Field(sa_type=INSTANT)
    revoked_at: datetime | None = Field(default=None, sa_type=INSTANT)
