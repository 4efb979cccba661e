"""What waits for whom on a workshop's floor: every device under the next step that the one rule tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from reuse.columns import INSTANT
from reuse.devices.models import Device, FlagRow, Medium, MilestoneRow
from reuse.devices.rules import (
    STEPS_OF_STATUS,
    WORKED_IN,
    GateFacts,
    MediaPolicy,
    Status,
    Step,
    categories,
    media_policy,
    next_steps,
    with_derived,
)

QUEUED_IN = frozenset({*STEPS_OF_STATUS, *WORKED_IN})
"""The statuses in which something is left to do."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device that waits for a step since the last thing that was proved, flagged or handed on."""

    device_id: UUID
    step: Step
    since: datetime


def waiting_devices(session: Session, workshop_id: UUID) -> list[Waiting]:
    """Every device of the workshop with its next step, the longest waiting first; four questions, however many."""
    here = (
        (col(Device.workshop_id) == workshop_id)
        & col(Device.status).in_(sorted(QUEUED_IN))
        & col(Device.merged_into_id).is_(None)
    )
    met, proved_at = _names(session, MilestoneRow, here)
    flags, flagged_at = _names(session, FlagRow, here)
    with_media = _odd_with_media(session, here)
    found: list[Waiting] = []
    rows = sqlalchemy.select(
        col(Device.id), col(Device.status), col(Device.category), col(Device.open_repairs), col(Device.claim), _since()
    ).where(here)
    for device_id, status, category, open_repairs, claim, since in session.connection().execute(rows):
        facts = GateFacts(
            media=media_policy(category, has_media=device_id in with_media),
            milestones=with_derived(met.get(device_id, ()), open_repairs=open_repairs),
            flags=frozenset(flags.get(device_id, ())),
            claimed=claim is not None,
        )
        step = _first_step(Status(status), facts)
        if step is not None:
            last = max(at for at in (since, proved_at.get(device_id), flagged_at.get(device_id)) if at is not None)
            found.append(Waiting(device_id, step, last))
    return sorted(found, key=lambda one: (one.since, one.device_id))


def _since() -> ColumnElement[datetime]:
    """When the device came to where it is, as far as its own row tells."""
    return func.coalesce(col(Device.listed_at), col(Device.custody_since), col(Device.created_at), type_=INSTANT)


def _names(
    session: Session, table: type[MilestoneRow | FlagRow], here: ColumnElement[bool]
) -> tuple[dict[UUID, list[str]], dict[UUID, datetime]]:
    """By device, the names of its milestones or flags, and the time of the latest."""
    names: dict[UUID, list[str]] = {}
    latest: dict[UUID, datetime] = {}
    columns = sqlalchemy.select(col(table.device_id), col(table.name), col(table.at))
    statement = columns.join(Device, col(Device.id) == col(table.device_id))
    for device_id, name, at in session.connection().execute(statement.where(here)):
        names.setdefault(device_id, []).append(name)
        latest[device_id] = max(at, latest.get(device_id, at))
    return names, latest


def _odd_with_media(session: Session, here: ColumnElement[bool]) -> set[UUID]:
    """Devices that hold a medium although their category holds none."""
    never = [name for name in categories() if media_policy(name) is MediaPolicy.never]
    statement = select(Medium.device_id).join(Device, col(Device.id) == col(Medium.device_id))
    return set(session.exec(statement.where(here, col(Device.category).in_(never))))


@lru_cache(maxsize=4096)
def _first_step(status: Status, facts: GateFacts) -> Step | None:
    """The next step by the one rule; facts repeat from device to device, so that it is asked a few dozen times."""
    steps = next_steps(status, facts)
    return steps[0] if steps else None


def devices_in_order(session: Session, device_ids: Sequence[UUID]) -> list[Device]:
    """The devices of these ids, in this order."""
    found = {device.id: device for device in session.exec(select(Device).where(col(Device.id).in_(device_ids)))}
    return [found[device_id] for device_id in device_ids]
