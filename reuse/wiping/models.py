from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from reuse.columns import BIG, DOCUMENT, INSTANT, table_name


class ErasureReport(SQLModel, table=True):
    """Evidence of a tool as it was uploaded; its bytes are kept under `sha256`. The same bytes are one report.

    From `erased_at` on the bytes are gone, their term being over.
    """

    __tablename__ = table_name("erasure_report")
    __table_args__ = (UniqueConstraint("organisation_id", "sha256", name="uq_erasure_report_bytes"),)

    id: UUID = Field(primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    sha256: str
    size: int = Field(sa_type=BIG)
    format: str
    media_type: str
    file_name: str | None = None
    system_serial: str | None = None
    timezone: str
    timezone_assumed: bool
    warnings: list[str] = Field(default_factory=list, sa_type=DOCUMENT)
    person: str | None = None
    only_device_id: UUID | None = None
    only_medium_id: UUID | None = None
    received_at: datetime = Field(sa_type=INSTANT)
    erased_at: datetime | None = Field(default=None, sa_type=INSTANT)


class UploadPace(SQLModel, table=True):
    """How many reports a boot image's key has sent in the present minute; one row a key, so that it never grows."""

    __tablename__ = table_name("upload_pace")

    key_id: UUID = Field(primary_key=True, foreign_key="api_key.id")
    minute: int = Field(sa_type=BIG)
    taken: int


class ReportItem(SQLModel, table=True):
    """What a report says about one medium, and which medium that is, once that is known.

    `reasons` are the parser's and never change; `match_reasons` say what stood out when a medium was looked for, and
    `clock_reasons` when the report's clock was held against the moment of upload. `earliest_end_at` is when the wipe
    may have ended under another zone than the one assumed; None where that is out of the question.
    """

    __tablename__ = table_name("report_item")
    __table_args__ = (
        UniqueConstraint("report_id", "index", name="uq_report_item_index"),
        CheckConstraint("(medium_id IS NULL) = (matched_by IS NULL)", name="ck_report_item_match"),
        Index("ix_report_item_tool", "tool", "tool_version"),
        Index(
            "ix_report_item_waiting",
            "organisation_id",
            "normal_serial",
            sqlite_where=text("medium_id IS NULL"),
            postgresql_where=text("medium_id IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    report_id: UUID = Field(foreign_key="erasure_report.id")
    organisation_id: UUID
    index: int
    serial: str | None = None
    normal_serial: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    size_bytes: int | None = Field(default=None, sa_type=BIG)
    kind: str | None = None
    verdict: str
    method: str
    technique: str
    tool: str
    tool_version: str | None = None
    verification: str
    rounds: int | None = None
    started_at: datetime | None = Field(default=None, sa_type=INSTANT)
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)
    reasons: list[str] = Field(default_factory=list, sa_type=DOCUMENT)
    match_reasons: list[str] = Field(default_factory=list, sa_type=DOCUMENT)
    clock_reasons: list[str] = Field(default_factory=list, sa_type=DOCUMENT)
    earliest_end_at: datetime | None = Field(default=None, sa_type=INSTANT)
    time_confirmed_by: str | None = None
    time_confirmed_at: datetime | None = Field(default=None, sa_type=INSTANT)
    time_note: str | None = None
    medium_id: UUID | None = Field(default=None, foreign_key="medium.id", index=True)
    matched_by: str | None = None
    matched_at: datetime | None = Field(default=None, sa_type=INSTANT)
    matched_person: str | None = None
    match_note: str | None = None


class Disposal(SQLModel, table=True):
    """How a medium that is not erased leaves the question: destroyed, removed, or proved absent. One counts."""

    __table_args__ = (
        Index(
            "uq_disposal_live",
            "medium_id",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
    )

    id: UUID = Field(primary_key=True)
    medium_id: UUID = Field(foreign_key="medium.id", index=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    organisation_id: UUID
    kind: str
    method: str | None = None
    particle_size_mm: str | None = None
    witness: str | None = None
    reason: str | None = None
    person: str
    live: bool = True
    at: datetime = Field(sa_type=INSTANT)


class Sanitization(SQLModel, table=True):
    """A person's word on a device: declared without media, rejected, or accepted, with the standing of each medium.

    At most one accepted one is live per device; what undoes it (a later fail, a rejection, a revocation) ends it.
    """

    __table_args__ = (
        Index(
            "uq_sanitization_live",
            "device_id",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
    )

    id: UUID = Field(primary_key=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    organisation_id: UUID
    decision: str
    reason: str | None = None
    person: str
    required_level: str
    policy: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    media: list[dict[str, Any]] = Field(default_factory=list, sa_type=DOCUMENT)
    live: bool
    ended_because: str | None = None
    at: datetime = Field(sa_type=INSTANT)


class Certificate(SQLModel, table=True):
    """The frozen truth about one erased or destroyed medium: `content` never changes, the PDF is its rendering.

    When its term is over, at `erased_at`, the PDF goes and `content` names nobody any more; hash and signature stay.
    """

    __table_args__ = (
        Index("uq_certificate_once", "medium_id", "sanitization_id", unique=True),
        UniqueConstraint("organisation_id", "number", name="uq_certificate_number"),
        CheckConstraint("version >= 1", name="ck_certificate_version"),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    number: str
    token: str = Field(unique=True)
    status: str
    medium_id: UUID = Field(foreign_key="medium.id")
    sanitization_id: UUID = Field(foreign_key="sanitization.id", index=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    donor_id: UUID | None = Field(default=None, index=True)
    donation_id: UUID | None = Field(default=None, index=True)
    territory_id: UUID = Field(index=True)
    content: dict[str, Any] = Field(sa_type=DOCUMENT)
    sha256: str
    signature: str
    document_id: UUID | None = Field(default=None, foreign_key="document.id")
    superseded_by: UUID | None = Field(default=None, foreign_key="certificate.id")
    revoked_at: datetime | None = Field(default=None, sa_type=INSTANT)
    revoked_by: str | None = None
    revocation_reason: str | None = None
    issued_at: datetime = Field(sa_type=INSTANT)
    erased_at: datetime | None = Field(default=None, sa_type=INSTANT)
