from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, bindparam, literal, or_, union_all
from sqlmodel import Session, col, select

from reuse.cursors import MAX_LIMIT
from reuse.devices.models import Code, Custody, Device, FlagRow, Medium, MilestoneRow, WorkDone
from reuse.devices.rules import GateFacts, MediaPolicy, Status, media_policy, normal_code, with_derived
from reuse.errors import Fault, Invalid, NotFound
from reuse.history.models import HistoryRecord
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller

IN_TRANSIT = (Status.collected,)
CHUNK = 500


def visible_devices(caller: Caller) -> ColumnElement[bool]:
    """The devices that a caller may know of (spec/process.md, Who sees what)."""
    in_territory = col(Device.territory_id) == caller.territory_id
    me = caller.organisation_id
    return sight(
        caller,
        {
            Activity.territory: in_territory,
            Activity.donor: col(Device.donor_id) == me,
            Activity.workshop: col(Device.workshop_id) == me,
            Activity.carrier: (col(Device.carrier_id) == me) & col(Device.status).in_(IN_TRANSIT),
            Activity.network: (in_territory & (col(Device.status) == Status.listed)) | (col(Device.network_id) == me),
        },
    )


def device_for(session: Session, caller: Caller, device_id: UUID) -> Device:
    """The device, if the caller may know of it; NotFound otherwise."""
    found = session.exec(select(Device).where(Device.id == device_id, visible_devices(caller))).first()
    if found is None:
        raise NotFound(f"There is no device {device_id}.")
    return found


def workshop_device(session: Session, caller: Caller, device_id: UUID) -> Device:
    """The device, if it is in the caller's own workshop's hands to work on; NotFound otherwise."""
    found = session.exec(
        select(Device).where(Device.id == device_id, col(Device.workshop_id) == caller.organisation_id)
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


def codes_of(session: Session, device_ids: Collection[UUID]) -> dict[UUID, list[Code]]:
    """Codes by device, oldest first."""
    found: dict[UUID, list[Code]] = {device_id: [] for device_id in device_ids}
    for code in session.exec(select(Code).where(col(Code.device_id).in_(device_ids)).order_by(col(Code.id))):
        if code.device_id is not None:
            found[code.device_id].append(code)
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
        )
        for device in devices
    }


def history_page(
    session: Session, device_id: UUID, *, limit: int, cursor: str | None
) -> tuple[list[HistoryRecord], str | None]:
    """Records of the device in the order of its chain, and the cursor of those after them; Invalid for a bad cursor."""
    if not 1 <= limit <= MAX_LIMIT:
        sentence = f"limit is {limit}; it must be from 1 to {MAX_LIMIT}."
        raise Invalid(sentence, code="bad_limit", errors=(Fault("/limit", "bad_limit", sentence),))
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):  # noqa: PLR2004  # an integer column
        sentence = "This cursor was not given by this list; begin again without one."
        raise Invalid(sentence, code="bad_cursor", errors=(Fault("/cursor", "bad_cursor", sentence),))
    statement = (
        select(HistoryRecord)
        .where(
            HistoryRecord.thing == "device",
            HistoryRecord.thing_id == device_id,
            col(HistoryRecord.seq) > int(cursor or 0),
        )
        .order_by(col(HistoryRecord.seq))
        .limit(limit + 1)
    )
    rows = list(session.exec(statement))
    return rows[:limit], str(rows[limit - 1].seq) if len(rows) > limit else None
