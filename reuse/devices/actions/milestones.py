from collections.abc import Collection
from typing import Any

from sqlmodel import Session, col, delete, select

from reuse import clock
from reuse.devices.actions.moves import change_device, move_device
from reuse.devices.models import Device, FlagRow, MilestoneRow, WorkDone
from reuse.devices.rules import Flag, Milestone, Status, Work
from reuse.errors import NotFound
from reuse.history.actions import record
from reuse.history.rules import Actor


def set_milestone(
    session: Session,
    actor: Actor,
    device: Device,
    milestone: Milestone,
    *,
    source: str | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Say that a milestone is met; saying it again refreshes who and when."""
    change_device(session, device)
    row = session.get(MilestoneRow, (device.id, milestone.value))
    if row is None:
        row = MilestoneRow(device_id=device.id, name=milestone, at=clock.now())
        session.add(row)
    row.at, row.organisation_id, row.person, row.source = clock.now(), actor.organisation_id, actor.person, source
    what = {"milestone": milestone.value, **({"source": source} if source else {}), **(data or {})}
    record(session, actor, thing="device", thing_id=device.id, verb="milestone_met", data=what)


def withdraw_milestones(
    session: Session, actor: Actor, device: Device, milestones: Collection[Milestone], *, reason: str
) -> list[str]:
    """Take back milestones that something has undone; returns those that were met.

    Withdrawing anything withdraws the approval too, and a device that stood ready or listed goes back to the workshop.
    """
    wanted = {*milestones, Milestone.approved}
    session.flush()
    met = list(
        session.exec(
            select(MilestoneRow.name).where(MilestoneRow.device_id == device.id, col(MilestoneRow.name).in_(wanted))
        )
    )
    if not met:
        return []
    session.exec(
        delete(MilestoneRow)
        .where(col(MilestoneRow.device_id) == device.id, col(MilestoneRow.name).in_(met))
        .execution_options(synchronize_session=False)
    )
    for name in met:  # the statement above went past the identity map
        if row := session.identity_map.get(session.identity_key(MilestoneRow, (device.id, name))):
            session.expunge(row)
    change_device(session, device)
    what = {"milestones": sorted(met), "reason": reason}
    record(session, actor, thing="device", thing_id=device.id, verb="milestone_withdrawn", data=what)
    if device.status in {Status.ready, Status.listed, Status.reserved}:
        move_device(session, actor, device, Status.in_workshop, reason=reason)
    return sorted(met)


def note_work(session: Session, actor: Actor, device: Device, work: Work) -> None:
    """Remember that this person worked on the device, which bars them from approving it; a station is nobody."""
    if actor.organisation_id is None or actor.person is None:
        return
    key = (device.id, work.value, actor.organisation_id, actor.person)
    if session.get(WorkDone, key) is None:
        session.add(
            WorkDone(
                device_id=device.id,
                kind=work,
                organisation_id=actor.organisation_id,
                person=actor.person,
                at=clock.now(),
            )
        )


def raise_flag(session: Session, actor: Actor, device: Device, flag: Flag, *, reason: str) -> None:
    """Hold the device back; one that was ready, listed or reserved goes back to the workshop, its reservation freed."""
    change_device(session, device)
    row = session.get(FlagRow, (device.id, flag.value))
    if row is None:
        session.add(
            FlagRow(
                device_id=device.id,
                name=flag,
                reason=reason,
                at=clock.now(),
                organisation_id=actor.organisation_id,
                person=actor.person,
            )
        )
    what = {"flag": flag.value, "reason": reason}
    record(session, actor, thing="device", thing_id=device.id, verb="flag_raised", data=what)
    if device.status in {Status.ready, Status.listed, Status.reserved}:
        move_device(session, actor, device, Status.in_workshop, reason=f"flag: {flag.value}")
        withdraw_milestones(session, actor, device, [], reason=f"flag: {flag.value}")  # it needs a new sign-off


def lift_flag(session: Session, actor: Actor, device: Device, flag: Flag, *, reason: str) -> None:
    """Let the device go on; NotFound where the flag is not up."""
    row = session.get(FlagRow, (device.id, flag.value))
    if row is None:
        raise NotFound(f"This device has no flag {flag.value}.")
    change_device(session, device)
    session.delete(row)
    session.flush()
    what = {"flag": flag.value, "reason": reason}
    record(session, actor, thing="device", thing_id=device.id, verb="flag_lifted", data=what)
