from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT, table_name


class Export(SQLModel, table=True):
    """A load of used equipment that leaves for another country, and the proof that it is no waste.

    Consignee, contract, declaration, packing and transport are as they were said, by whom and when; once it has
    departed nothing of it changes. `left_at` is when we noted the departure, `departed_at` when it was, as told.
    """

    __table_args__ = (
        CheckConstraint("version >= 1", name="ck_export_version"),
        Index("uq_export_workshop_number", "workshop_id", "number", unique=True),
    )

    id: UUID = Field(primary_key=True)
    number: str
    version: int = 1
    status: str
    workshop_id: UUID
    territory_id: UUID = Field(index=True)
    reservation_id: UUID | None = Field(default=None, foreign_key="reservation.id", index=True)
    consignee_id: UUID | None = Field(default=None, index=True)
    consignee_name: str
    consignee_address: str | None = None
    destination_country: str
    workshop_address: str | None = None
    contract: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    declaration: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    packing: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    transport: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    planned_at: datetime | None = Field(default=None, sa_type=INSTANT)
    departed_at: datetime | None = Field(default=None, sa_type=INSTANT)
    left_at: datetime | None = Field(default=None, sa_type=INSTANT)
    file_job_id: UUID | None = None
    table_job_id: UUID | None = None
    reason: str | None = None
    person: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class ExportLine(SQLModel, table=True):
    """One device of an export; of one device at most one line is live.

    `record` is what was proved of it at departure, frozen, under the SHA-256 of its canonical JSON.
    """

    __tablename__ = table_name("export_line")
    __table_args__ = (
        Index(
            "uq_export_line_live",
            "device_id",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
    )

    id: UUID = Field(primary_key=True)
    export_id: UUID = Field(foreign_key="export.id", index=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    live: bool = True
    hazards: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    record: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    sha256: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)
