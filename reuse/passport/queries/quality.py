"""How often what a workshop signed off was not good: over what it handed over, with the records behind each figure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from reuse.devices.models import Device
from reuse.donations.models import Donation
from reuse.handovers.models import Handover, HandoverLine
from reuse.history.models import HistoryRecord

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Left:
    """One device that left: by which hand-over line, under which agreement, and whether it was good."""

    line_id: UUID
    device_id: UUID
    legal_basis: str
    returned: bool
    return_reason: str | None
    failed_again: bool

    @property
    def conforms(self) -> bool:
        """Whether nothing was found against it since it left."""
        return not (self.returned or self.failed_again)


def left_the_workshop(
    session: Session, workshop_id: UUID, *, start: datetime | None, end: datetime | None
) -> list[Left]:
    """Every hand-over line of the workshop from `start` until before `end`, in the order of leaving.

    What was repaired and handed back is no new one. `failed_again` is a device that was signed off, and of which a
    check failed on the bench before it first left; what a return brings to light counts with the return.
    """
    statement = (
        select(HandoverLine, Donation.legal_basis)
        .join(Handover, col(Handover.id) == col(HandoverLine.handover_id))
        .join(Device, col(Device.id) == col(HandoverLine.device_id))
        .join(Donation, col(Donation.id) == col(Device.donation_id), isouter=True)
        .where(Handover.workshop_id == workshop_id, col(HandoverLine.continues_id).is_(None))
        .order_by(col(HandoverLine.at), col(HandoverLine.id))
    )
    if start is not None:
        statement = statement.where(col(HandoverLine.at) >= start)
    if end is not None:
        statement = statement.where(col(HandoverLine.at) < end)
    rows = session.exec(statement).all()
    failed = _failed_after_approval(session, sorted({line.device_id for line, _ in rows}))
    return [
        Left(
            line_id=line.id,
            device_id=line.device_id,
            legal_basis=basis or "none",
            returned=line.returned_at is not None,
            return_reason=line.return_reason,
            failed_again=line.is_first and any(at < line.at for at in failed.get(line.device_id, ())),
        )
        for line, basis in rows
    ]


def _failed_after_approval(session: Session, device_ids: list[UUID]) -> dict[UUID, list[datetime]]:
    """By device, when a check failed of what had been signed off before, as its history tells."""
    found: dict[UUID, list[datetime]] = {}
    for start in range(0, len(device_ids), CHUNK):
        statement = (
            select(HistoryRecord)
            .where(
                HistoryRecord.thing == "device",
                col(HistoryRecord.thing_id).in_(device_ids[start : start + CHUNK]),
                col(HistoryRecord.verb).in_(("signed_off", "checked")),
            )
            .order_by(col(HistoryRecord.thing_id), col(HistoryRecord.seq))
        )
        signed: set[UUID] = set()
        for one in session.exec(statement):
            if one.verb == "signed_off":
                signed.add(one.thing_id)
            elif one.thing_id in signed and "fail" in one.data.get("results", {}).values():
                found.setdefault(one.thing_id, []).append(one.at)
    return found
