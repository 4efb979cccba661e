"""Codes that something waits for: its job is ordered as soon as a device in a workshop's hands answers to one."""

from collections.abc import Collection
from uuid import UUID

from sqlmodel import Session, col, delete, select

from reuse.devices.models import AwaitedCode, Code, Device
from reuse.devices.queries import CHUNK
from reuse.devices.rules import WORKED_IN, normal_code
from reuse.history.rules import SYSTEM, Actor
from reuse.jobs.actions import enqueue

MOST_AT_ONCE = 1_000


def await_codes(session: Session, organisation_id: UUID, *, capture_id: UUID, codes: Collection[str]) -> None:
    """Have a waiting capture looked at again when a device of this workshop answers to one of the codes."""
    for normal in {normal_code(code) for code in codes} - {""}:
        session.merge(AwaitedCode(capture_id=capture_id, normal=normal, organisation_id=organisation_id))
    session.flush()


def stop_awaiting(session: Session, capture_id: UUID) -> None:
    """Wait no longer: what waited has found its device."""
    session.exec(
        delete(AwaitedCode)
        .where(col(AwaitedCode.capture_id) == capture_id)
        .execution_options(synchronize_session=False)
    )


def tell_who_waits(session: Session, actor: Actor, device_ids: Collection[UUID]) -> None:
    """Have the captures looked at again that wait for these devices, once this transaction is committed.

    Called where a device appears, gets a code, or comes to the bench; most of the time nothing waits, which is one
    question to an empty table.
    """
    if not device_ids or session.exec(select(AwaitedCode.capture_id).limit(1)).first() is None:
        return
    session.flush()
    ids = sorted(device_ids)
    waiting: set[UUID] = set()
    for start in range(0, len(ids), CHUNK):
        some = _ANSWERED.where(col(Device.id).in_(ids[start : start + CHUNK]))
        waiting.update(session.exec(some))
    _look_again(session, actor, waiting)


def tell_all_who_wait(session: Session) -> int:
    """Have every capture looked at again for which there is a device by now; returns how many.

    What a device and a capture that came in the same moment did not see of each other is found here.
    """
    waiting = set(session.exec(_ANSWERED.limit(MOST_AT_ONCE)))
    _look_again(session, SYSTEM, waiting)
    return len(waiting)


_ANSWERED = (
    select(AwaitedCode.capture_id)
    .join(Code, col(Code.normal) == col(AwaitedCode.normal))
    .join(Device, col(Device.id) == col(Code.device_id))
    .where(
        col(Device.workshop_id) == col(AwaitedCode.organisation_id),
        col(Device.status).in_(WORKED_IN),
        col(Device.merged_into_id).is_(None),
    )
    .distinct()
)


def _look_again(session: Session, actor: Actor, capture_ids: Collection[UUID]) -> None:
    for capture_id in sorted(capture_ids):
        enqueue(session, "captures.match", actor=actor, payload={"capture_id": capture_id})
