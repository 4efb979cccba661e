from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Update, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select

from reuse import clock
from reuse.devices.actions.awaiting import tell_who_waits
from reuse.devices.actions.custody import Passing, pass_custody
from reuse.devices.models import Device, MilestoneRow
from reuse.devices.rules import WORKED_IN, Milestone, Status, changes_hands, check_move, holder_of
from reuse.errors import Conflict
from reuse.history.actions import Happening, record_all
from reuse.history.rules import Actor
from reuse.jobs.actions import enqueue
from reuse.people.models import Territory


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one device: a move, other columns, a milestone met, or several of these at once.

    A move from one side of the loop to another changes hands by itself; `handed_to` says so of a change that is no such
    move. `is_reversal` marks the correction of a wrong scan, which alone goes against the table of moves.
    """

    device: Device
    verb: str
    to: Status | None = None
    columns: dict[str, Any] = field(default_factory=dict[str, Any])
    milestone: Milestone | None = None
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    at: datetime | None = None
    handed_to: UUID | None = None
    is_reversal: bool = False


def change_devices(session: Session, actor: Actor, changes: Sequence[Change]) -> None:
    """Write many changes, of one device at most one, all or none, each with its history; versions rise by one.

    Every statement is guarded by the status and version seen: Conflict where a move is not in the table of moves, or
    where somebody else came first.
    """
    if not changes:
        return
    session.flush()
    for change in changes:
        if change.to is not None and not change.is_reversal:
            check_move(Status(change.device.status), change.to)
    _write(session, changes)
    pass_custody(session, [passing for change in changes if (passing := _passing(change)) is not None])
    _meet(session, actor, [change for change in changes if change.milestone is not None])
    record_all(session, actor, [happening for change in changes for happening in _happenings(change)])
    for change in changes:
        device, to = change.device, change.to
        if to is not None and device.status == Status.reserved and to not in {Status.reserved, Status.handed_over}:
            free_reservation(session, actor, device.id)
        values = {**change.columns, "version": device.version + 1, "status": (to or device.status)}
        for name, value in values.items():  # what was just written need not be read again
            set_committed_value(device, name, value.value if isinstance(value, Status) else value)
    come = [change.device.id for change in changes if change.to is not None and change.to in WORKED_IN]
    tell_who_waits(session, actor, come)
    _have_offered(session, actor, [change.device for change in changes if change.to is Status.listed])


def _passing(change: Change) -> Passing | None:
    """The change of hands that this change means; None where the device stays with whom it is."""
    device, to = change.device, change.to
    holder_id = change.handed_to
    if holder_id is None:
        if to is None or not changes_hands(Status(device.status), to):
            return None
        known = {name: change.columns.get(name, getattr(device, name)) for name in _PARTIES}
        holder_id = holder_of(to, **known)
    return Passing(device.id, device.version + 1, holder_id, change.verb, change.at, is_reversal=change.is_reversal)


_PARTIES = ("donor_id", "carrier_id", "workshop_id", "network_id")


def _write(session: Session, changes: Sequence[Change]) -> None:
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for change in changes:
        device = change.device
        row = {
            "of_id": device.id,
            "seen_status": device.status,
            "seen_version": device.version,
            "to_status": change.to or device.status,
            "to_version": device.version + 1,
            **{f"to_{name}": value for name, value in change.columns.items()},
        }
        by_columns.setdefault(tuple(sorted(change.columns)), []).append(row)
    for names, rows in by_columns.items():
        if session.connection().execute(_guarded(names), rows).rowcount != len(rows):
            raise Conflict("Somebody moved this device at the same moment; look at it again.", code="moved_meanwhile")


@cache
def _guarded(names: tuple[str, ...]) -> Update:
    """The statement that changes these columns of a device, unless somebody came first; built once."""
    return (
        update(Device)
        .where(
            col(Device.id) == bindparam("of_id"),
            col(Device.status) == bindparam("seen_status"),
            col(Device.version) == bindparam("seen_version"),
        )
        .values({name: bindparam(f"to_{name}") for name in ("status", "version", *names)})
    )


_MEET_ON_SQLITE = sqlite.insert(MilestoneRow).on_conflict_do_nothing()
_MEET_ON_POSTGRESQL = postgresql.insert(MilestoneRow).on_conflict_do_nothing()


def _meet(session: Session, actor: Actor, changes: Sequence[Change]) -> None:
    """Enter the milestones that are not met yet; one that is keeps who met it first."""
    now = clock.now()
    rows = [
        {
            "device_id": change.device.id,
            "name": change.milestone,
            "at": now,
            "organisation_id": actor.organisation_id,
            "person": actor.person,
            "source": None,
        }
        for change in changes
    ]
    if rows:
        is_postgresql = session.get_bind().dialect.name == "postgresql"
        session.connection().execute(_MEET_ON_POSTGRESQL if is_postgresql else _MEET_ON_SQLITE, rows)


def _happenings(change: Change) -> list[Happening]:
    device = change.device
    found: list[Happening] = []
    if change.to is not None:
        found.append(
            Happening("device", device.id, change.verb, device.status, change.to, change.data, change.at),
        )
    elif change.milestone is None:
        found.append(Happening("device", device.id, change.verb, data=change.data, at=change.at))
    if change.milestone is not None:
        what = {"milestone": change.milestone.value, **({} if found else change.data)}
        found.append(Happening("device", device.id, "milestone_met", data=what, at=change.at))
    return found


def free_reservation(session: Session, actor: Actor, device_id: UUID) -> None:
    """Have the reservation that holds this device freed and its network told, after this transaction."""
    enqueue(session, "reservations.release", actor=actor, payload={"device_id": str(device_id)})


def _have_offered(session: Session, actor: Actor, devices: Sequence[Device]) -> None:
    """Have what is listed offered to the needs that wait, after this transaction, in territories that want it so."""
    if not devices:
        return
    wanting = select(Territory.id).where(
        col(Territory.id).in_({device.territory_id for device in devices}), col(Territory.offer_hours).is_not(None)
    )
    for territory_id in session.exec(wanting):
        listed = [str(device.id) for device in devices if device.territory_id == territory_id]
        payload = {"territory_id": str(territory_id), "device_ids": listed}
        enqueue(session, "reservations.offer", actor=actor, payload=payload)
