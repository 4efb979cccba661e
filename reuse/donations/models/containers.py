from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT, table_name


class Container(SQLModel, table=True):
    """A pallet, crate, cage or box: whose it is, with whom it is, what it stands in; `content` is what is said of it.

    Its content is what is in it now. While `freeze_id` is set it has changed hands and nothing in it may change.
    `live_code` finds it among the containers of its organisation; one that came under a code already taken has none.
    """

    __table_args__ = (
        CheckConstraint("version >= 1", name="ck_container_version"),
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="ck_container_parent"),
        Index("uq_container_live_code", "organisation_id", "live_code", unique=True),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    organisation_id: UUID
    holder_id: UUID = Field(index=True)
    territory_id: UUID
    collection_id: UUID | None = Field(default=None, foreign_key="collection.id", index=True)
    donation_id: UUID | None = Field(default=None, foreign_key="donation.id", index=True)
    parent_id: UUID | None = Field(default=None, foreign_key="container.id", index=True)
    kind: str
    code: str
    live_code: str | None = None
    seal: str | None = None
    content: str | None = None
    freeze_id: UUID | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class ContainerDevice(SQLModel, table=True):
    """A device in a container: in one at a time, which its key sees to."""

    __tablename__ = table_name("container_device")

    device_id: UUID = Field(primary_key=True, foreign_key="device.id")
    container_id: UUID = Field(foreign_key="container.id", index=True)
    at: datetime = Field(sa_type=INSTANT)


class ContainerFreeze(SQLModel, table=True):
    """What was in a container when it changed hands, and what its opening found; never changed but by that opening."""

    __tablename__ = table_name("container_freeze")

    id: UUID = Field(primary_key=True)
    container_id: UUID = Field(foreign_key="container.id", index=True)
    because: str
    content: dict[str, Any] = Field(sa_type=DOCUMENT)
    sha256: str
    at: datetime = Field(sa_type=INSTANT)
    opened_at: datetime | None = Field(default=None, sa_type=INSTANT)
    opened_by_id: UUID | None = None
    reason: str | None = None
    seal_intact: bool | None = None


class Transfer(SQLModel, table=True):
    """Containers and loose devices that one organisation offers to another, and what the other said of them."""

    __table_args__ = (
        CheckConstraint("version >= 1", name="ck_transfer_version"),
        Index("uq_transfer_from_number", "from_id", "number", unique=True),
    )

    id: UUID = Field(primary_key=True)
    number: str
    version: int = 1
    status: str
    from_id: UUID
    to_id: UUID = Field(index=True)
    territory_id: UUID = Field(index=True)
    at: datetime = Field(sa_type=INSTANT)
    note: str | None = None
    content: dict[str, Any] = Field(sa_type=DOCUMENT)
    sha256: str
    given_by: dict[str, Any] = Field(sa_type=DOCUMENT)
    taken_by: dict[str, Any] | None = Field(default=None, sa_type=DOCUMENT)
    answered_at: datetime | None = Field(default=None, sa_type=INSTANT)
    seals_intact: bool | None = None
    differences: list[Any] = Field(default_factory=list[Any], sa_type=DOCUMENT)
    reason: str | None = None
    created_at: datetime = Field(sa_type=INSTANT)


class TransferThing(SQLModel, table=True):
    """A container or a loose device of a transfer; it stands in one open offer at a time, which its index sees to."""

    __tablename__ = table_name("transfer_thing")
    __table_args__ = (
        Index(
            "uq_transfer_thing_offered",
            "thing_id",
            unique=True,
            sqlite_where=text("is_offered"),
            postgresql_where=text("is_offered"),
        ),
    )

    transfer_id: UUID = Field(primary_key=True, foreign_key="transfer.id")
    thing_id: UUID = Field(primary_key=True)
    thing: str
    is_offered: bool = True
