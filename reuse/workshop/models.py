from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT, table_name


class Capture(SQLModel, table=True):
    """A hardware inventory that tools made; only what is free of personal data is kept (spec/law.md, GDPR).

    `kept` is the evidence: the stripped form, under `kept_sha256` of its canonical JSON; `upload_sha256` names what was
    sent, of several files as one. Without a device it waits until somebody says which machine it is of.
    """

    __table_args__ = (
        Index(
            "uq_capture_waiting",
            "organisation_id",
            "upload_sha256",
            unique=True,
            sqlite_where=text("device_id IS NULL"),
            postgresql_where=text("device_id IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    device_id: UUID | None = Field(default=None, foreign_key="device.id", index=True)
    format: str
    partial: bool
    identity: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    kept: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    kept_sha256: str
    medium_ids: list[str] = Field(default_factory=list, sa_type=DOCUMENT)
    warnings: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)
    upload_sha256: str
    confirmed_reason: str | None = None
    matched_by: str | None = None
    match_reasons: list[str] = Field(default_factory=list, sa_type=DOCUMENT)
    match_note: str | None = None
    organisation_id: UUID
    person: str | None = None
    key_id: UUID
    created_at: datetime = Field(sa_type=INSTANT)


class OwnTemplate(SQLModel, table=True):
    """A version of a territory's or a workshop's own test template; nothing of it ever changes.

    `owner_id` is the territory, or the workshop where `scope` is `workshop`.
    """

    __tablename__ = table_name("test_template")
    __table_args__ = (
        CheckConstraint("version >= 1", name="ck_test_template_version"),
        Index("uq_test_template_version", "owner_id", "category", "version", unique=True),
    )

    id: UUID = Field(primary_key=True)
    scope: str
    owner_id: UUID
    territory_id: UUID = Field(index=True)
    category: str
    version: int
    checks: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)
    reason: str | None = None
    organisation_id: UUID
    person: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class CheckRow(SQLModel, table=True):
    """The outcome of one check of one device; a repair or a return voids what was found before it.

    It keeps the version of the template that it answered; without a `template_id` that is the shipped one.
    """

    __tablename__ = table_name("device_check")

    id: UUID = Field(primary_key=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    kind: str
    template_id: UUID | None = Field(default=None, foreign_key="test_template.id")
    template_version: int | None = None
    name: str
    outcome: str
    value: str | None = None
    note: str | None = None
    by_lead: bool = False
    voided: bool = False
    organisation_id: UUID
    person: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class CheckPhoto(SQLModel, table=True):
    """A picture of what a check found, without what cameras write into pictures; the document holds its bytes."""

    __tablename__ = table_name("check_photo")

    check_id: UUID = Field(primary_key=True, foreign_key="device_check.id")
    document_id: UUID = Field(primary_key=True, foreign_key="document.id")
    person: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class Repair(SQLModel, table=True):
    """A repair, open until it is completed; minutes are working time."""

    id: UUID = Field(primary_key=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    defect: str
    action: str
    parts: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)
    minutes: int | None = None
    organisation_id: UUID = Field(index=True)
    person: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)
    completed_at: datetime | None = Field(default=None, sa_type=INSTANT)


class Part(SQLModel, table=True):
    """A part in stock: bought, given, or harvested from a device; used at most once, in one repair.

    `medium_id` is the storage medium that a harvested part is, under the device that it was taken out of.
    """

    __table_args__ = (
        CheckConstraint("(state = 'used') = (repair_id IS NOT NULL)", name="ck_part_used"),
        Index(
            "uq_part_medium",
            "medium_id",
            unique=True,
            sqlite_where=text("state <> 'scrapped' AND medium_id IS NOT NULL"),
            postgresql_where=text("state <> 'scrapped' AND medium_id IS NOT NULL"),
        ),
        Index("ix_part_stock", "organisation_id", "state", "kind"),
    )

    id: UUID = Field(primary_key=True)
    organisation_id: UUID
    kind: str
    source: str
    state: str = "in_stock"
    serial: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    notes: str | None = None
    from_device_id: UUID | None = Field(default=None, foreign_key="device.id", index=True)
    donation_id: UUID | None = Field(default=None, index=True)
    medium_id: UUID | None = Field(default=None, foreign_key="medium.id")
    repair_id: UUID | None = Field(default=None, foreign_key="repair.id", index=True)
    used_at: datetime | None = Field(default=None, sa_type=INSTANT)
    person: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class Installation(SQLModel, table=True):
    """A system as it was put on a device: which image, under which kind of licence."""

    id: UUID = Field(primary_key=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    image: str
    version: str | None = None
    licence_kind: str
    licence_reference: str | None = None
    language: str | None = None
    image_sha256: str | None = None
    note: str | None = None
    organisation_id: UUID
    person: str | None = None
    at: datetime = Field(sa_type=INSTANT)
    created_at: datetime = Field(sa_type=INSTANT)


class Grading(SQLModel, table=True):
    """A grade as it was given, with the lines that explain it."""

    id: UUID = Field(primary_key=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    cosmetic: str
    functional: str | None = None
    battery: str | None = None
    grade: str
    score: int
    explanation: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)
    table_version: str
    notes: str | None = None
    organisation_id: UUID
    person: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class WorkSession(SQLModel, table=True):
    """Working time of insertion on one operation; people appear by their workshop pseudonym."""

    __tablename__ = table_name("work_session")

    id: UUID = Field(primary_key=True)
    organisation_id: UUID = Field(index=True)
    device_id: UUID | None = Field(default=None, index=True)
    activity: str
    person: str
    minutes: int
    at: datetime = Field(sa_type=INSTANT)
    created_at: datetime = Field(sa_type=INSTANT)
