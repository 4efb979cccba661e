"""Parts that outlive their devices: where each has been, and what it means where one is found somewhere else."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.devices.actions.milestones import withdraw_milestones
from reuse.devices.actions.moves import change_device, lock_device
from reuse.devices.models import Component, Device, Fitting, Medium
from reuse.devices.rules import Milestone, Status, normal_code
from reuse.errors import Conflict, Fault
from reuse.history.actions import record
from reuse.history.rules import Actor

OUT_OF_REACH = frozenset({Status.handed_over, Status.withdrawn, Status.refused, Status.declared, Status.collected})
"""From a device that is not in the workshop nothing can have been taken out there: two things bear one serial."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part as it was seen in a device; `kind` is medium, memory, battery or display."""

    kind: str
    serial: str | None
    manufacturer: str | None = None
    model: str | None = None
    size_bytes: int | None = None
    health_percent: int | None = None
    medium_id: UUID | None = None


def part_of(medium: Medium) -> Part:
    """The medium as a part."""
    return Part("medium", medium.serial, medium.manufacturer, medium.model, medium.size_bytes, medium_id=medium.id)


def fit_components(session: Session, actor: Actor, device: Device, parts: Sequence[Part]) -> list[Fault]:
    """Note that these parts are in the device now, and tell what stands out.

    A part that was in another device of the workshop has moved: it is gone there, and where it is a storage medium that
    device loses `captured`, because its hardware is no longer what was captured; its own account of the medium stays
    open until somebody says what became of it. A part that is found again where it had gone from, or whose other device
    is not in the workshop, is two parts of one serial: from then on each device keeps its own (`serial_shared`).
    """
    session.flush()
    fitted = _open_in(session, device.id)
    told: list[Fault] = []
    for part in parts:
        found = next((one for one in fitted if _is_same(one, part)), None)
        if found is None:
            component = _component(session, device, part)
            told += _fit(session, actor, device, component, part)
        else:
            fitted.remove(found)
            component, fitting = found
            fitting.last_seen_at, fitting.missing = clock.now(), False
            session.add(fitting)
        _learn(component, part)
        session.add(component)
    session.flush()
    return told


def miss_components(
    session: Session, actor: Actor, device: Device, *, since: datetime, kinds: Collection[str]
) -> list[Fault]:
    """Note the parts of these kinds that a look at the whole device, begun at `since`, did not show again."""
    told: list[Fault] = []
    for component, fitting in _open_in(session, device.id):
        if component.kind in kinds and fitting.last_seen_at < since and not fitting.missing:
            fitting.missing = True
            session.add(fitting)
            what = {"component_id": component.id, "kind": component.kind, "serial": component.serial}
            record(session, actor, thing="device", thing_id=device.id, verb="component_missing", data=what)
            sentence = (
                f"The {component.kind} {component.serial or 'without serial'} was in this device and is not seen now: "
                "look for it, and say what became of it."
            )
            told.append(Fault("", f"{component.kind}_not_seen", sentence))
    return told


def _open_in(session: Session, device_id: UUID) -> list[tuple[Component, Fitting]]:
    statement = (
        select(Component, Fitting)
        .join(Fitting, col(Fitting.component_id) == col(Component.id))
        .where(Fitting.device_id == device_id, col(Fitting.ended_at).is_(None))
        .order_by(col(Fitting.id))
    )
    return [(component, fitting) for component, fitting in session.exec(statement)]


def _is_same(one: tuple[Component, Fitting], part: Part) -> bool:
    component, fitting = one
    if part.medium_id is not None or fitting.medium_id is not None:
        return part.medium_id == fitting.medium_id
    if component.kind != part.kind:
        return False
    if part.serial is not None or component.serial is not None:
        return _key(part.serial) == component.normal_serial and _is_same_make(component, part)
    return (component.manufacturer, component.model, component.size_bytes) == (
        part.manufacturer,
        part.model,
        part.size_bytes,
    )


def _key(serial: str | None) -> str | None:
    return (normal_code(serial) or None) if serial else None


def _is_same_make(component: Component, part: Part) -> bool:
    """Whether maker and model do not contradict each other; some tools cut a name, some put the maker before it."""
    pairs = ((component.model, part.model), (component.manufacturer, part.manufacturer))
    names = [(normal_code(one or ""), normal_code(other or "")) for one, other in pairs]
    return all(one in other or other in one for one, other in names[:1]) and (
        bool(names[0][0] and names[0][1]) or all(one in other or other in one for one, other in names[1:])
    )


def _component(session: Session, device: Device, part: Part) -> Component:
    """The workshop's record of this part, known by kind, serial and make, or a new one.

    Two who enter the same part at once meet at the unique key; the second is done again and finds the first's.
    """
    key = _key(part.serial)
    alike: list[Component] = []
    if key is not None:
        statement = select(Component).where(
            Component.organisation_id == device.workshop_id,
            Component.kind == part.kind,
            Component.normal_serial == key,
        )
        alike = list(session.exec(statement.order_by(col(Component.twin))))
        known = next((one for one in alike if _is_same_make(one, part)), None)
        if known is not None:
            return known
    component = Component(
        id=clock.new_id(),
        organisation_id=device.workshop_id,
        kind=part.kind,
        serial=part.serial,
        normal_serial=key,
        twin=len(alike),
        created_at=clock.now(),
    )
    _learn(component, part)
    session.add(component)
    session.flush()
    return component


def _learn(component: Component, part: Part) -> None:
    """The longest name that was seen, and the newest health."""
    for name in ("manufacturer", "model"):
        seen = getattr(part, name)
        if seen is not None and len(seen) > len(getattr(component, name) or ""):
            setattr(component, name, seen)
    component.size_bytes = component.size_bytes or part.size_bytes
    component.health_percent = part.health_percent if part.health_percent is not None else component.health_percent


def _fit(session: Session, actor: Actor, device: Device, component: Component, part: Part) -> list[Fault]:
    elsewhere = list(
        session.exec(
            select(Fitting).where(
                Fitting.component_id == component.id,
                col(Fitting.ended_at).is_(None),
                Fitting.device_id != device.id,
            )
        )
    )
    told: list[Fault] = []
    if elsewhere and not component.shared_serial:
        other = elsewhere[0]
        told = (
            _share(session, actor, device, component, other)
            if _are_two(session, device, component, other)
            else _move(session, actor, device, component, other)
        )
    now = clock.now()
    fitting = Fitting(
        id=clock.new_id(),
        component_id=component.id,
        device_id=device.id,
        medium_id=part.medium_id,
        since=now,
        last_seen_at=now,
        shared=component.shared_serial,
    )
    session.add(fitting)
    what = {"device_id": device.id, "medium_id": part.medium_id}
    record(session, actor, thing="component", thing_id=component.id, verb="fitted", data=what)
    return told


def _are_two(session: Session, device: Device, component: Component, other: Fitting) -> bool:
    """Whether this cannot be one part that moved: it was here before, or the other device is out of reach."""
    was_here = select(Fitting.id).where(
        Fitting.component_id == component.id, Fitting.device_id == device.id, col(Fitting.ended_at).is_not(None)
    )
    return session.exec(was_here).first() is not None or session.get_one(Device, other.device_id).status in OUT_OF_REACH


def _move(session: Session, actor: Actor, device: Device, component: Component, other: Fitting) -> list[Fault]:
    """The part is no longer where it was; guarded, so that two devices never get it at once."""
    done = session.exec(
        update(Fitting)
        .where(col(Fitting.id) == other.id, col(Fitting.ended_at).is_(None))
        .values(ended_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict("Another device showed this part at the same moment; look at it again.", code="moved_meanwhile")
    session.refresh(other)
    before = lock_device(session, other.device_id)
    if before.merged_into_id == device.id:  # the same machine under another name
        return []
    change_device(session, before)
    marks = {"component_id": component.id, "kind": component.kind, "serial": component.serial}
    what = {**marks, "medium_id": other.medium_id}
    record(session, actor, thing="device", thing_id=before.id, verb="component_gone", data={**what, "to": device.id})
    record(session, actor, thing="device", thing_id=device.id, verb="component_came", data={**what, "from": before.id})
    if component.kind == "medium":
        why = f"its storage medium {component.serial} was found in another device"
        withdraw_milestones(session, actor, before, [Milestone.captured], reason=why)
    sentence = (
        f"The {component.kind} {component.serial} was in the device {before.id} until now: it is shown as gone there, "
        "and what became of it is to be said there too."
    )
    return [Fault("", "component_moved", sentence)]


def _share(session: Session, actor: Actor, device: Device, component: Component, other: Fitting) -> list[Fault]:
    component.shared_serial = True
    session.add(component)
    session.exec(
        update(Fitting)
        .where(col(Fitting.component_id) == component.id, col(Fitting.ended_at).is_(None))
        .values(shared=True)
        .execution_options(synchronize_session=False)
    )
    what = {"devices": [other.device_id, device.id], "serial": component.serial}
    record(session, actor, thing="component", thing_id=component.id, verb="serial_shared", data=what)
    sentence = (
        f"Two devices show a {component.kind} with the serial {component.serial}: they are kept apart from now on. "
        "Read the labels of both."
    )
    return [Fault("", "serial_shared", sentence)]
