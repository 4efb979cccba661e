"""Finding the device that somebody means by a serial, a code or a tag, among those of a collection; never a guess."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlmodel import Session, col, select

from reuse.devices.models import Code, Device
from reuse.devices.rules import normal_code
from reuse.errors import Fault, Invalid

LOOKUP = 5_000


@dataclass(frozen=True, slots=True)
class Named:
    """What a caller says of one device, and where in the body it stands."""

    pointer: str
    device_id: UUID | None = None
    code: str | None = None
    serial: str | None = None
    asset_tag: str | None = None


Entry = TypeVar("Entry", bound=Named)
Index = dict[tuple[str, str], dict[UUID, Device]]


def code_index(session: Session, devices: Sequence[Device]) -> Index:
    """Devices by (kind, normalised code), and by ("code", …) whatever the kind."""
    by_id = {device.id: device for device in devices}
    index: Index = {}
    for device_id, kind, normal in _codes(session, list(by_id)):
        for name in (kind, "code"):
            index.setdefault((name, normal), {})[device_id] = by_id[device_id]
    return index


def _codes(session: Session, ids: Sequence[UUID]) -> Iterator[tuple[UUID, str, str]]:
    for start in range(0, len(ids), LOOKUP):
        some = ids[start : start + LOOKUP]
        statement = select(Code.device_id, Code.kind, Code.normal).where(col(Code.device_id).in_(some))
        for device_id, kind, normal in session.exec(statement.order_by(col(Code.id))):
            if device_id is not None:
                yield device_id, kind, normal


def match_named(session: Session, devices: Sequence[Device], named: Iterable[Entry]) -> list[tuple[Entry, Device]]:
    """The device that each entry means: by its id, then by code, serial and asset tag.

    Invalid, with every place, for an entry that finds none, finds several (the sentence names the candidates) or finds
    a device that another entry has found.
    """
    index = code_index(session, devices)
    by_id = {device.id: device for device in devices}
    named = list(named)
    _add_former_ids(session, by_id, [entry.device_id for entry in named if entry.device_id])
    found: list[tuple[Entry, Device]] = []
    faults: list[Fault] = []
    taken: dict[UUID, str] = {}
    for entry in named:
        candidates = candidates_for(entry, by_id, index)
        if len(candidates) != 1:
            faults.append(_no_match(entry, candidates))
        elif (before := taken.setdefault(candidates[0].id, entry.pointer)) != entry.pointer:
            sentence = f"This is the device of {before} again; name each device once."
            faults.append(Fault(entry.pointer, "listed_twice", sentence))
        else:
            found.append((entry, candidates[0]))
    if faults:
        raise Invalid(faults[0].message, code=faults[0].code, errors=tuple(faults))
    return found


def _add_former_ids(session: Session, by_id: dict[UUID, Device], asked: Sequence[UUID]) -> None:
    """Let the ids of listed devices that were merged find the devices that they turned out to be."""
    unknown = [device_id for device_id in asked if device_id not in by_id]
    for start in range(0, len(unknown), LOOKUP):
        some = unknown[start : start + LOOKUP]
        for former, into in session.exec(select(Device.id, Device.merged_into_id).where(col(Device.id).in_(some))):
            if into is not None and into in by_id:
                by_id[former] = by_id[into]


def candidates_for(entry: Named, by_id: dict[UUID, Device], index: Index) -> list[Device]:
    """The devices that the strongest name with any match finds."""
    if entry.device_id is not None:
        return [by_id[entry.device_id]] if entry.device_id in by_id else []
    for kinds, value in (
        (("code",), entry.code),
        (("serial", "imei"), entry.serial),
        (("asset_tag",), entry.asset_tag),
    ):
        normal = normal_code(value) if value else ""
        found: dict[UUID, Device] = {}
        for kind in kinds if normal else ():
            found |= index.get((kind, normal), {})
        if found:
            return list(found.values())
    return []


def _no_match(entry: Named, candidates: Sequence[Device]) -> Fault:
    if not candidates:
        sentence = "No device of this collection's donations is meant by this; if it was on no list, send it as extra."
        return Fault(entry.pointer, "unknown_device", sentence)
    names = "; ".join(f"{one.id} ({one.category}, serial {one.serial or 'none'})" for one in candidates)
    sentence = f"Several devices are meant by this: {names}. Send the device_id of the right one."
    return Fault(entry.pointer, "several_matches", sentence)
