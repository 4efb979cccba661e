from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from reuse.columns import BIG, DOCUMENT, INSTANT, table_name


class Device(SQLModel, table=True):
    """One machine, phone, screen…: who it is, where its custody stands, who may see it.

    A device with `merged_into_id` is another name of that device, which its donor's list had given it; it is counted
    and found no more, and its id finds the other. `mass_source` is `measured` or `apportioned`. `bundle_id` names the
    bundle with which a listed or reserved device goes; on a device that has left the catalogue since, it means nothing.
    `claim` is the number of the warranty case under which it is its holder's, wherever it stands.
    """

    __table_args__ = (
        CheckConstraint("version >= 1", name="ck_device_version"),
        Index("ix_device_workshop_status", "workshop_id", "status"),
        Index("ix_device_territory_status", "territory_id", "status", "category"),
        Index(  # what is on offer, in the order in which it is picked
            "ix_device_offered",
            "territory_id",
            "category",
            "listed_at",
            "id",
            sqlite_where=text("status = 'listed'"),
            postgresql_where=text("status = 'listed'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    status: str
    category: str
    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    year: int | None = None
    condition: str | None = None
    comment: str | None = None
    location: str | None = None
    mass_grams: int | None = None
    mass_source: str | None = None
    ram_gb: int | None = None
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    notes: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    grade: str | None = None
    score: int | None = None
    price_minor: int | None = Field(default=None, sa_type=BIG)
    price_currency: str | None = None
    listed_at: datetime | None = Field(default=None, sa_type=INSTANT)
    bundle_id: UUID | None = Field(default=None, index=True)
    claim: str | None = None
    identity_open: str | None = None
    open_repairs: int = 0
    merged_into_id: UUID | None = Field(default=None, foreign_key="device.id", index=True)
    custody_since: datetime | None = Field(default=None, sa_type=INSTANT)
    donation_id: UUID | None = Field(default=None, index=True)
    donor_id: UUID | None = Field(default=None, index=True)
    workshop_id: UUID | None = None
    carrier_id: UUID | None = Field(default=None, index=True)
    network_id: UUID | None = Field(default=None, index=True)
    territory_id: UUID
    created_at: datetime = Field(sa_type=INSTANT)


class Code(SQLModel, table=True):
    """Any text that finds a device; a label printed before its device is known has none yet."""

    __table_args__ = (
        Index(
            "uq_code_live_label",
            "normal",
            unique=True,
            sqlite_where=text("kind = 'label'"),
            postgresql_where=text("kind = 'label'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    device_id: UUID | None = Field(default=None, foreign_key="device.id", index=True)
    organisation_id: UUID | None = None
    kind: str
    value: str
    normal: str = Field(index=True)
    live: bool = True
    created_at: datetime = Field(sa_type=INSTANT)
    bound_at: datetime | None = Field(default=None, sa_type=INSTANT)


class OwnLabelFormat(SQLModel, table=True):
    """A label format that a workshop has described itself; `geometry` is all of it but its title."""

    __tablename__ = table_name("label_format")

    id: UUID = Field(primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    person: str | None = None
    title: str
    geometry: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    created_at: datetime = Field(sa_type=INSTANT)


class LabelRun(SQLModel, table=True):
    """Labels printed in one go, so that it can be told which are still out, and that they can be printed again."""

    __tablename__ = table_name("label_run")

    id: UUID = Field(primary_key=True)
    version: int = 1
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    person: str | None = None
    kind: str
    donation_id: UUID | None = None
    choices: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    count: int
    prints: int = 1
    document_id: UUID | None = Field(default=None, foreign_key="document.id")
    created_at: datetime = Field(sa_type=INSTANT)


class LabelOfRun(SQLModel, table=True):
    """The place (from 1) that a code has in a run."""

    __tablename__ = table_name("label_of_run")

    run_id: UUID = Field(primary_key=True, foreign_key="label_run.id")
    place: int = Field(primary_key=True)
    code_id: UUID = Field(foreign_key="code.id", index=True)


class MilestoneRow(SQLModel, table=True):
    """A milestone that is met now; withdrawing removes the row, the history keeps both."""

    __tablename__ = table_name("milestone")

    device_id: UUID = Field(primary_key=True, foreign_key="device.id")
    name: str = Field(primary_key=True)
    at: datetime = Field(sa_type=INSTANT)
    organisation_id: UUID | None = None
    person: str | None = None
    source: str | None = None


class FlagRow(SQLModel, table=True):
    """A flag that is up now."""

    __tablename__ = table_name("flag")

    device_id: UUID = Field(primary_key=True, foreign_key="device.id")
    name: str = Field(primary_key=True)
    reason: str
    at: datetime = Field(sa_type=INSTANT)
    organisation_id: UUID | None = None
    person: str | None = None


class WorkDone(SQLModel, table=True):
    """Who worked on a device: these persons cannot approve it."""

    __tablename__ = table_name("work_done")

    device_id: UUID = Field(primary_key=True, foreign_key="device.id")
    kind: str = Field(primary_key=True)
    organisation_id: UUID = Field(primary_key=True)
    person: str = Field(primary_key=True)
    at: datetime = Field(sa_type=INSTANT)


class Medium(SQLModel, table=True):
    """A storage medium, with a past of its own; `kept_apart` while it is out of its device and not yet dealt with."""

    id: UUID = Field(primary_key=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    serial: str | None = None
    normal_serial: str | None = Field(default=None, index=True)
    kind: str
    manufacturer: str | None = None
    model: str | None = None
    size_bytes: int | None = Field(default=None, sa_type=BIG)
    soldered: bool = False
    kept_apart: bool = False
    source: str
    created_at: datetime = Field(sa_type=INSTANT)


class Custody(SQLModel, table=True):
    """Who held a device from `since` until `until`, and holds it where that is open; nobody where no holder is named.

    A declared device is with its donor and has no row before it first changes hands. `version` is that of the device
    which the change of hands made; `said_at` is when it happened as somebody said, and `since` what remains of it
    beside the spans around: a span that nothing remains of is kept, empty.
    """

    __table_args__ = (
        CheckConstraint("until IS NULL OR until >= since", name="ck_custody_order"),
        Index(
            "uq_custody_present",
            "device_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        Index("ix_custody_holder", "holder_id", "until"),
    )

    device_id: UUID = Field(primary_key=True, foreign_key="device.id")
    version: int = Field(primary_key=True)
    holder_id: UUID | None = None
    because: str
    since: datetime = Field(sa_type=INSTANT)
    until: datetime | None = Field(default=None, sa_type=INSTANT)
    said_at: datetime = Field(sa_type=INSTANT)
    recorded_at: datetime = Field(sa_type=INSTANT)


class Component(SQLModel, table=True):
    """A part that outlives its device: a storage medium, a memory module, a battery, a screen.

    A workshop knows it again by kind, serial number and make, wherever it is found; `twin` tells parts apart that bear
    one serial and are of different makes. `shared_serial` says that several parts bear the very same marks. Batteries
    have 16-bit serials (Smart Battery Data 1.1), so of one model a few will.
    """

    __table_args__ = (
        Index(
            "uq_component_marks",
            "organisation_id",
            "kind",
            "normal_serial",
            "twin",
            unique=True,
            sqlite_where=text("normal_serial IS NOT NULL"),
            postgresql_where=text("normal_serial IS NOT NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    organisation_id: UUID | None = None
    kind: str
    serial: str | None = None
    normal_serial: str | None = None
    twin: int = 0
    manufacturer: str | None = None
    model: str | None = None
    size_bytes: int | None = Field(default=None, sa_type=BIG)
    health_percent: int | None = None
    shared_serial: bool = False
    created_at: datetime = Field(sa_type=INSTANT)


class Fitting(SQLModel, table=True):
    """A part's time in a device: open until the part is found in another; one open at most, unless serials are shared.

    `medium_id` is the device's own record of a storage medium, whose account stays with the device. `missing` says that
    the last look at the whole device did not show the part.
    """

    __table_args__ = (
        Index(
            "uq_fitting_open",
            "component_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL AND NOT shared"),
            postgresql_where=text("ended_at IS NULL AND NOT shared"),
        ),
    )

    id: UUID = Field(primary_key=True)
    component_id: UUID = Field(foreign_key="component.id", index=True)
    device_id: UUID = Field(foreign_key="device.id", index=True)
    medium_id: UUID | None = Field(default=None, foreign_key="medium.id")
    since: datetime = Field(sa_type=INSTANT)
    last_seen_at: datetime = Field(sa_type=INSTANT)
    missing: bool = False
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)
    shared: bool = False


class AwaitedCode(SQLModel, table=True):
    """A code that a waiting capture tells: once a device answers to it, the capture is looked at again."""

    __tablename__ = table_name("awaited_code")
    __table_args__ = (Index("ix_awaited_code", "normal", "organisation_id"),)

    capture_id: UUID = Field(primary_key=True)
    normal: str = Field(primary_key=True)
    organisation_id: UUID
