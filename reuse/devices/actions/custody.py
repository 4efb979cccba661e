"""Who holds each device, at any instant: spans without a gap, whatever order they are told in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, case, insert, or_, update
from sqlmodel import Session, col, select

from reuse import clock
from reuse.columns import INSTANT
from reuse.devices.models import Custody, Device
from reuse.devices.queries import custody_of
from reuse.devices.rules import Status, holder_of

LOOKUP = 500


@dataclass(frozen=True, slots=True)
class Passing:
    """A device changes hands: to whom (None: nobody has it), because of what, when as somebody says.

    `version` is the device's own after the change. A reversal takes back the change of hands of the version before.
    """

    device_id: UUID
    version: int
    holder_id: UUID | None
    because: str
    at: datetime | None = None
    is_reversal: bool = False


# Built once: every scan that receives a device comes through here.
_PRESENT = select(Custody.device_id, Custody.version, Custody.holder_id, Custody.since).where(
    col(Custody.device_id).in_(bindparam("ids", expanding=True)), col(Custody.until).is_(None)
)
_NEW_SPANS = insert(Custody)
_AT: BindParameter[datetime] = bindparam("at", type_=INSTANT)
_END = (
    update(Custody)
    .where(col(Custody.device_id) == bindparam("of_id"), col(Custody.version) == bindparam("of_version"))
    .values(until=_AT)
)
_END_ALL_AFTER = (
    update(Custody)
    .where(
        col(Custody.device_id) == bindparam("of_id"),
        or_(col(Custody.until).is_(None), col(Custody.until) > _AT),
    )
    .values(
        since=case((col(Custody.since) > _AT, _AT), else_=col(Custody.since)),
        until=_AT,
    )
)


def pass_custody(session: Session, passings: Sequence[Passing]) -> None:
    """Let devices change hands, each at most once, in three statements however many they are.

    The caller has just raised the device's version, so that nobody else writes its spans meanwhile. What is told last
    is what holds now: a span that claims to begin later than the present one is emptied, not removed. Nobody holds
    anything in the future.
    """
    if not passings:
        return
    now = clock.now()
    present = _present(session, [passing.device_id for passing in passings])
    new: list[dict[str, Any]] = []
    ended: list[dict[str, Any]] = []
    overrun: list[dict[str, Any]] = []
    for passing in passings:
        version, holder_id, since = present.get(passing.device_id, (0, None, None))
        at, to = min(passing.at or now, now), passing.holder_id
        if passing.is_reversal:
            if since is None or version != passing.version - 1:  # the wrong scan found the device where it is
                continue
            at, to = since, _holder_before(session, passing, version)
        elif since is not None and holder_id == to and at >= since:
            continue
        if since is not None:
            row = {"of_id": passing.device_id, "of_version": version, "at": at}
            (ended if at >= since else overrun).append(row)
        new.append(_span(passing, to, at, now))
    connection = session.connection()
    if ended:
        connection.execute(_END, ended)
    if overrun:
        connection.execute(_END_ALL_AFTER, [{"of_id": row["of_id"], "at": row["at"]} for row in overrun])
    if new:
        connection.execute(_NEW_SPANS, new)


def _present(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[int, UUID | None, datetime]]:
    """The open span of each device that has one: version, holder, beginning."""
    found: dict[UUID, tuple[int, UUID | None, datetime]] = {}
    for start in range(0, len(ids), LOOKUP):
        for device_id, *span in session.connection().execute(_PRESENT, {"ids": ids[start : start + LOOKUP]}):
            found[device_id] = (span[0], span[1], span[2])
    return found


def _holder_before(session: Session, passing: Passing, version: int) -> UUID | None:
    """Who held the device before the change of hands that is taken back; its donor, where that was the first."""
    statement = select(Custody.holder_id).where(Custody.device_id == passing.device_id, col(Custody.version) < version)
    before = session.exec(statement.order_by(col(Custody.since).desc(), col(Custody.version).desc())).first()
    return before or passing.holder_id


def _span(passing: Passing, holder_id: UUID | None, since: datetime, now: datetime) -> dict[str, Any]:
    return {
        "device_id": passing.device_id,
        "version": passing.version,
        "holder_id": holder_id,
        "because": passing.because,
        "since": since,
        "until": None,
        "said_at": passing.at or now,
        "recorded_at": now,
    }


def begin_custody(session: Session, devices: Sequence[Device], because: str) -> None:
    """The first span of devices that nobody had declared, from their reception on; one statement for all."""
    rows: list[dict[str, Any]] = []
    for device in devices:
        known = device.model_dump(include={"donor_id", "carrier_id", "workshop_id", "network_id"})
        at = device.custody_since or device.created_at
        passing = Passing(device.id, device.version, holder_of(Status(device.status), **known), because, at)
        rows.append(_span(passing, passing.holder_id, min(at, device.created_at), device.created_at))
    if rows:
        session.connection().execute(_NEW_SPANS, rows)


def tell_late(session: Session, device: Device, passing: Passing) -> bool:
    """Put a change of hands in its place among those already told, ahead of the present one, which stays.

    A pick-up noted off line comes in after the reception that followed it: from its `at` until that reception the
    carrier held the device. The caller has raised the device's version. False where nothing came after that instant, or
    where it is the instant of another change.
    """
    now, at = clock.now(), passing.at or clock.now()
    spans = custody_of(session, device)
    around = next((one for one in spans if one.since < at and one.until is not None and at < one.until), None)
    if around is None:
        return False
    until = around.until
    if around.version:  # the donor's first span has no row of its own
        row = {"of_id": device.id, "of_version": around.version, "at": at}
        session.connection().execute(_END, [row])
    session.connection().execute(_NEW_SPANS, [{**_span(passing, passing.holder_id, at, now), "until": until}])
    return True
