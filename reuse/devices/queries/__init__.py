from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Uuid, bindparam, func, literal, or_, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from labels.formats import LabelFormat, Sheet, format_by_id
from reuse.cursors import MAX_LIMIT
from reuse.devices.models import (
    Code,
    Custody,
    Device,
    FlagRow,
    LabelOfRun,
    LabelRun,
    Medium,
    MilestoneRow,
    OwnLabelFormat,
    WorkDone,
)
from reuse.devices.rules import GateFacts, MediaPolicy, Status, media_policy, normal_code, with_derived
from reuse.errors import Fault, Invalid, NotFound
from reuse.history.models import HistoryRecord
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller

IN_TRANSIT = (Status.collected,)
CHUNK = 500


def visible_devices(caller: Caller) -> ColumnElement[bool]:
    """The devices that a caller may know of (spec/process.md, Who sees what); one that was merged is another's name."""
    in_territory = col(Device.territory_id) == caller.territory_id
    me = caller.organisation_id
    return col(Device.merged_into_id).is_(None) & sight(
        caller,
        {
            Activity.territory: in_territory,
            Activity.donor: col(Device.donor_id) == me,
            Activity.workshop: col(Device.workshop_id) == me,
            Activity.carrier: (col(Device.carrier_id) == me) & col(Device.status).in_(IN_TRANSIT),
            Activity.network: (in_territory & (col(Device.status) == Status.listed)) | (col(Device.network_id) == me),
        },
    )


def surviving(device_id: UUID) -> ColumnElement[UUID]:
    """The id under which a device goes on: its own, or that of the device with which it was merged."""
    merged = aliased(Device)
    into = select(merged.merged_into_id).where(merged.id == device_id).scalar_subquery()
    return func.coalesce(into, literal(device_id, Uuid()))


def device_for(session: Session, caller: Caller, device_id: UUID) -> Device:
    """The device, if the caller may know of it, also by the id of one that was merged into it; NotFound otherwise."""
    statement = select(Device).where(col(Device.id) == surviving(device_id), visible_devices(caller))
    found = session.exec(statement).first()
    if found is None:
        raise NotFound(f"There is no device {device_id}.")
    return found


def workshop_device(session: Session, caller: Caller, device_id: UUID) -> Device:
    """The device, if it is in the caller's own workshop's hands to work on; NotFound otherwise."""
    found = session.exec(
        select(Device).where(col(Device.id) == surviving(device_id), col(Device.workshop_id) == caller.organisation_id)
    ).first()
    if found is None:
        raise NotFound(f"There is no device {device_id} in your workshop.")
    return found


def devices_by_code(session: Session, caller: Caller, value: str) -> list[Device]:
    """The devices that any writing of a code finds, if the caller may know of them; live codes' devices first."""
    normal = normal_code(value)
    if not normal:
        return []
    statement = (
        select(Device)
        .join(Code, col(Code.device_id) == col(Device.id))
        .where(Code.normal == normal, visible_devices(caller))
        .order_by(col(Code.live).desc(), col(Device.id))
    )
    return list({device.id: device for device in session.exec(statement)}.values())


def merged_ids(session: Session, device_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """By device, the ids of those that were merged into it, oldest first."""
    found: dict[UUID, list[UUID]] = {device_id: [] for device_id in device_ids}
    statement = select(Device.id, Device.merged_into_id).where(col(Device.merged_into_id).in_(device_ids))
    for merged_id, into in session.exec(statement.order_by(col(Device.id))):
        if into is not None:
            found[into].append(merged_id)
    return found


def codes_of(session: Session, device_ids: Collection[UUID]) -> dict[UUID, list[Code]]:
    """Codes by device, oldest first."""
    found: dict[UUID, list[Code]] = {device_id: [] for device_id in device_ids}
    for code in session.exec(select(Code).where(col(Code.device_id).in_(device_ids)).order_by(col(Code.id))):
        if code.device_id is not None:
            found[code.device_id].append(code)
    return found


def code_of_each_kind(session: Session, device_ids: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    """The newest code of each kind, by device; past the ORM, for a note may name thousands."""
    found: dict[UUID, dict[str, str]] = {device_id: {} for device_id in device_ids}
    for start in range(0, len(device_ids), CHUNK):
        some = device_ids[start : start + CHUNK]
        statement = select(Code.device_id, Code.kind, Code.value).where(col(Code.device_id).in_(some))
        for device_id, kind, value in session.exec(statement.order_by(col(Code.id))):
            if device_id is not None:
                found[device_id][kind] = value
    return found


def known_codes(session: Session, device_ids: Sequence[UUID]) -> set[tuple[UUID, str]]:
    """Every (device, normalised code) of these devices, of whatever kind."""
    found: set[tuple[UUID, str]] = set()
    for start in range(0, len(device_ids), CHUNK):
        some = device_ids[start : start + CHUNK]
        rows = session.exec(select(Code.device_id, Code.normal).where(col(Code.device_id).in_(some)))
        found.update((device_id, normal) for device_id, normal in rows if device_id is not None)
    return found


def milestones_of(session: Session, device_ids: Collection[UUID]) -> dict[UUID, dict[str, MilestoneRow]]:
    """Milestones met now, by device and name."""
    found: dict[UUID, dict[str, MilestoneRow]] = {device_id: {} for device_id in device_ids}
    for row in session.exec(select(MilestoneRow).where(col(MilestoneRow.device_id).in_(device_ids))):
        found[row.device_id][row.name] = row
    return found


def flags_of(session: Session, device_ids: Collection[UUID]) -> dict[UUID, list[FlagRow]]:
    """Flags up now, by device."""
    found: dict[UUID, list[FlagRow]] = {device_id: [] for device_id in device_ids}
    for row in session.exec(select(FlagRow).where(col(FlagRow.device_id).in_(device_ids)).order_by(col(FlagRow.name))):
        found[row.device_id].append(row)
    return found


def media_of(session: Session, device_ids: Collection[UUID]) -> dict[UUID, list[Medium]]:
    """Media by device, oldest first."""
    found: dict[UUID, list[Medium]] = {device_id: [] for device_id in device_ids}
    for medium in session.exec(select(Medium).where(col(Medium.device_id).in_(device_ids)).order_by(col(Medium.id))):
        found[medium.device_id].append(medium)
    return found


def workers_on(session: Session, device_id: UUID) -> set[tuple[UUID, str]]:
    """The persons, as (organisation, name), whose work on the device bars them from approving it."""
    found = session.exec(select(WorkDone).where(WorkDone.device_id == device_id))
    return {(row.organisation_id, row.person) for row in found}


@dataclass(frozen=True, slots=True)
class Held:
    """A span of time for which one organisation, or nobody, held a device; open at its end while it lasts.

    `version` is 0 for the donor's first span, which needs no row: it runs from the declaration to the first change of
    hands.
    """

    device_id: UUID
    version: int
    holder_id: UUID | None
    because: str
    since: datetime
    until: datetime | None
    said_at: datetime
    recorded_at: datetime


def custodies_of(session: Session, devices: Sequence[Device]) -> dict[UUID, list[Held]]:
    """Every span of each device, oldest first, without a gap; spans that nothing remains of are among them."""
    found: dict[UUID, list[Held]] = {device.id: [] for device in devices}
    rows = select(Custody).where(col(Custody.device_id).in_(found))
    for row in session.exec(rows.order_by(col(Custody.since), col(Custody.version))):
        found[row.device_id].append(Held(**row.model_dump()))
    for device in devices:
        spans = found[device.id]
        begun, ends = device.created_at, spans[0].since if spans else None
        if device.donor_id is not None and (ends is None or begun < ends):
            spans.insert(0, Held(device.id, 0, device.donor_id, "declared", begun, ends, begun, begun))
    return found


def custody_of(session: Session, device: Device) -> list[Held]:
    """Every span of one device, oldest first."""
    return custodies_of(session, [device])[device.id]


def held_at(spans: Sequence[Held], at: datetime) -> Held | None:
    """The span that holds the device at this instant; None before it was known."""
    return next((one for one in spans if one.since <= at and (one.until is None or at < one.until)), None)


def devices_held_by(holder_id: UUID, at: datetime) -> ColumnElement[bool]:
    """The devices that an organisation held at this instant."""
    spans = select(Custody.device_id).where(
        Custody.holder_id == holder_id,
        col(Custody.since) <= at,
        or_(col(Custody.until).is_(None), col(Custody.until) > at),
    )
    changed = select(Custody.device_id).where(Custody.device_id == Device.id, col(Custody.since) <= at).exists()
    still_at_the_donors = (col(Device.donor_id) == holder_id) & (col(Device.created_at) <= at) & ~changed
    return or_(col(Device.id).in_(spans), still_at_the_donors)


_OF_DEVICES: BindParameter[list[UUID]] = bindparam("ids", expanding=True)
_MILESTONES_AND_FLAGS = union_all(
    select(MilestoneRow.device_id, MilestoneRow.name, literal(0)).where(col(MilestoneRow.device_id).in_(_OF_DEVICES)),
    select(FlagRow.device_id, FlagRow.name, literal(1)).where(col(FlagRow.device_id).in_(_OF_DEVICES)),
)


def gate_facts(session: Session, devices: Sequence[Device]) -> dict[UUID, GateFacts]:
    """What the gate to `ready` looks at, for many devices in one question."""
    session.flush()
    found: dict[UUID, tuple[set[str], set[str]]] = {device.id: (set(), set()) for device in devices}
    for device_id, name, is_flag in session.connection().execute(_MILESTONES_AND_FLAGS, {"ids": list(found)}):
        found[device_id][is_flag].add(name)
    odd = [device.id for device in devices if media_policy(device.category) is MediaPolicy.never]
    with_media = (
        set(session.exec(select(Medium.device_id).where(col(Medium.device_id).in_(odd)))) if odd else set[UUID]()
    )
    return {
        device.id: GateFacts(
            media=media_policy(device.category, has_media=device.id in with_media),
            milestones=with_derived(found[device.id][0], open_repairs=device.open_repairs),
            flags=frozenset(found[device.id][1]),
            claimed=device.claim is not None,
        )
        for device in devices
    }


def history_page(
    session: Session, device_id: UUID, *, limit: int, cursor: str | None
) -> tuple[list[HistoryRecord], str | None]:
    """Records of the device, and of those merged into it, oldest first; and the cursor of those after them.

    The cursor is a place in that order, which for a device that was never merged is the place in its chain. Invalid
    for a bad cursor.
    """
    if not 1 <= limit <= MAX_LIMIT:
        sentence = f"limit is {limit}; it must be from 1 to {MAX_LIMIT}."
        raise Invalid(sentence, code="bad_limit", errors=(Fault("/limit", "bad_limit", sentence),))
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):  # noqa: PLR2004  # an integer column
        sentence = "This cursor was not given by this list; begin again without one."
        raise Invalid(sentence, code="bad_cursor", errors=(Fault("/cursor", "bad_cursor", sentence),))
    place = int(cursor or 0)
    ids = [device_id, *merged_ids(session, [device_id])[device_id]]
    told = select(HistoryRecord).where(HistoryRecord.thing == "device")
    if len(ids) == 1:
        chain = told.where(HistoryRecord.thing_id == device_id, col(HistoryRecord.seq) > place)
        statement = chain.order_by(col(HistoryRecord.seq))
    else:
        both = told.where(col(HistoryRecord.thing_id).in_(ids))
        statement = both.order_by(col(HistoryRecord.recorded_at), col(HistoryRecord.id)).offset(place)
    rows = list(session.exec(statement.limit(limit + 1)))
    return rows[:limit], str(place + limit) if len(rows) > limit else None


def own_label_formats(session: Session, organisation_id: UUID) -> list[LabelFormat]:
    """The label formats that a workshop has described itself, oldest first."""
    own = select(OwnLabelFormat).where(OwnLabelFormat.organisation_id == organisation_id)
    return [_label_format(row) for row in session.exec(own.order_by(col(OwnLabelFormat.id)))]


def label_format(session: Session, organisation_id: UUID | None, name: str) -> LabelFormat:
    """A built-in label format, or one of the workshop's own; KeyError where there is neither."""
    try:
        own_id = UUID(name)
    except ValueError:
        return format_by_id(name)
    own = select(OwnLabelFormat).where(OwnLabelFormat.id == own_id, OwnLabelFormat.organisation_id == organisation_id)
    row = session.exec(own).first()
    if row is None:
        raise KeyError(name)
    return _label_format(row)


def _label_format(row: OwnLabelFormat) -> LabelFormat:
    geometry = dict(row.geometry)
    sheet = geometry.pop("sheet")
    return LabelFormat(id=str(row.id), title=row.title, sheet=Sheet(**sheet) if sheet else None, **geometry)


def label_run(session: Session, organisation_id: UUID, run_id: UUID) -> LabelRun:
    """A print run of the workshop; NotFound otherwise."""
    own = select(LabelRun).where(LabelRun.id == run_id, LabelRun.organisation_id == organisation_id)
    found = session.exec(own).first()
    if found is None:
        raise NotFound(f"There is no print run {run_id} in your workshop.")
    return found


def labels_of_run(session: Session, run_id: UUID) -> list[tuple[int, Code]]:
    """The codes of a run with their places, in the order of printing."""
    statement = (
        select(LabelOfRun.place, Code)
        .join(Code, col(Code.id) == col(LabelOfRun.code_id))
        .where(LabelOfRun.run_id == run_id)
        .order_by(col(LabelOfRun.place))
    )
    return list(session.exec(statement))


def claimed_labels(session: Session, run_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many labels of each run are on a device."""
    statement = (
        select(LabelOfRun.run_id, func.count())
        .join(Code, col(Code.id) == col(LabelOfRun.code_id))
        .where(col(LabelOfRun.run_id).in_(run_ids), col(Code.device_id).is_not(None))
        .group_by(col(LabelOfRun.run_id))
    )
    return dict.fromkeys(run_ids, 0) | dict(session.exec(statement).all())
