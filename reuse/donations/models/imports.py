from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT, table_name


class DonationImport(SQLModel, table=True):
    """A list that was sent for a donation; its bytes are kept under `sha256`.

    `mapping` is how its headers were taken where that was not by their words: as given with it (`mapping_how`), or as
    remembered when it was first read. It stays, so that the list read again is read alike. `erased_at` is when the list
    itself went, which names whoever the donor named in it.
    """

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
    mapping: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    mapping_how: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)
    erased_at: datetime | None = Field(default=None, sa_type=INSTANT)


class ImportMapping(SQLModel, table=True):
    """How a donor last wanted the headers of a list to be understood; `signature` stands for the headers."""

    __tablename__ = table_name("import_mapping")

    donor_id: UUID = Field(primary_key=True)
    signature: str = Field(primary_key=True)
    mapping: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    person: str | None = None
    used_at: datetime = Field(sa_type=INSTANT)


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
