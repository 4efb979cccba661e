from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT, table_name


class Reconciled(SQLModel, table=True):
    """What was declared, picked up and received of a donation, frozen; what is learned later makes a new version.

    `number` is that of the note that was printed of it, `agreed_number` that of the final note once both sides agree.
    """

    __tablename__ = table_name("reconciliation")

    donation_id: UUID = Field(primary_key=True, foreign_key="donation.id")
    version: int = Field(primary_key=True)
    because: str
    collection_id: UUID | None = Field(default=None, foreign_key="collection.id")
    content: dict[str, Any] = Field(sa_type=DOCUMENT)
    number: str
    organisation_id: UUID | None = None
    person: str | None = None
    made_at: datetime = Field(sa_type=INSTANT)
    agreed_number: str | None = None
    agreed_organisation_id: UUID | None = None
    agreed_by: str | None = None
    agreed_at: datetime | None = Field(default=None, sa_type=INSTANT)


class DifferenceAnswer(SQLModel, table=True):
    """What the donor says to one difference, and what the workshop's lead answers to a dispute; the history keeps all.

    The id of a difference follows from what it says, so an answer holds for every version that says the same.
    """

    __tablename__ = table_name("difference_answer")

    donation_id: UUID = Field(primary_key=True, foreign_key="donation.id")
    difference_id: UUID = Field(primary_key=True)
    answer: str
    comment: str | None = None
    organisation_id: UUID
    person: str
    at: datetime = Field(sa_type=INSTANT)
    resolution: str | None = None
    resolution_comment: str | None = None
    resolved_organisation_id: UUID | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = Field(default=None, sa_type=INSTANT)


class Merge(SQLModel, table=True):
    """A device that was taken in, and the listed device that turned out to be the same one.

    `kept` is what the merge changed, so that its reversal can give it back: codes, the listed item's key, columns.
    """

    __tablename__ = table_name("device_merge")
    __table_args__ = (
        Index(
            "uq_device_merge_device",
            "device_id",
            unique=True,
            sqlite_where=text("reversed_at IS NULL"),
            postgresql_where=text("reversed_at IS NULL"),
        ),
        Index(
            "uq_device_merge_listed",
            "listed_device_id",
            unique=True,
            sqlite_where=text("reversed_at IS NULL"),
            postgresql_where=text("reversed_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    donation_id: UUID = Field(foreign_key="donation.id", index=True)
    device_id: UUID = Field(foreign_key="device.id")
    listed_device_id: UUID = Field(foreign_key="device.id")
    by: str
    reason: str | None = None
    kept: dict[str, Any] = Field(sa_type=DOCUMENT)
    organisation_id: UUID | None = None
    person: str | None = None
    merged_at: datetime = Field(sa_type=INSTANT)
    reversed_at: datetime | None = Field(default=None, sa_type=INSTANT)
    reversed_by: str | None = None
    reversal_reason: str | None = None


class Weighing(SQLModel, table=True):
    """One reading of a scale: of a device, of several together, of a container, or of all of a donation."""

    __table_args__ = (CheckConstraint("mass_grams > 0", name="ck_weighing_mass"),)

    id: UUID = Field(primary_key=True)
    workshop_id: UUID = Field(index=True)
    donation_id: UUID | None = Field(default=None, foreign_key="donation.id", index=True)
    container_id: UUID | None = Field(default=None, foreign_key="container.id", index=True)
    what: str
    mass_grams: int
    tare_grams: int | None = None
    scale: str | None = None
    at: datetime = Field(sa_type=INSTANT)
    person: str | None = None
    key_id: UUID | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class WeighingShare(SQLModel, table=True):
    """What a weighing says of one device; `is_apportioned` where several stood on the scale together."""

    __tablename__ = table_name("weighing_share")

    weighing_id: UUID = Field(primary_key=True, foreign_key="weighing.id")
    device_id: UUID = Field(primary_key=True, foreign_key="device.id", index=True)
    mass_grams: int
    is_apportioned: bool
