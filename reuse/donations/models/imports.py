from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from reuse.columns import INSTANT, table_name


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
