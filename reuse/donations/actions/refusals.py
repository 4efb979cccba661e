"""A workshop accepts a donation in part: what it refuses is no longer declared, and both sides read why."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from reuse import clock
from reuse.devices.actions.moves import move_devices
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.donations.models import Donation, DonationItem, DonationLine, LineRefusal
from reuse.donations.queries import lines_of
from reuse.donations.rules import shared_out
from reuse.errors import Conflict, Fault, Invalid
from reuse.history.actions import record
from reuse.history.rules import Actor

LOOKUP = 500


@dataclass(frozen=True, slots=True)
class SaidRefusal:
    """What is refused, and why: so many of a category, or one listed device."""

    reason: str
    category: str | None = None
    quantity: int | None = None
    device_id: UUID | None = None


def refuse_part(session: Session, actor: Actor, donation: Donation, refusals: Sequence[SaidRefusal]) -> None:
    """Take what is refused off the lines of a donation that is being accepted, in this transaction.

    Listed devices are withdrawn. Invalid, naming each place, for a refusal that names no declared device, or more of a
    category than are counted without being listed; Conflict `all_refused` where nothing would be left.
    """
    lines = lines_of(session, [donation.id])[donation.id]
    listed = _still_declared(session, donation)
    _check(refusals, lines, listed)
    if sum(line.declared for line in lines) <= sum(one.quantity or 1 for one in refusals):
        raise Conflict(
            "Nothing of this donation would be left: decline it as a whole, with the reason.", code="all_refused"
        )
    for one in refusals:
        category = listed[one.device_id].category if one.device_id else str(one.category)
        _take_off(session, donation, one, category, [line for line in lines if line.category == category])
    _withdraw(session, actor, refusals)
    what = {"refused": [_told(one) for one in refusals]}
    record(session, actor, thing="donation", thing_id=donation.id, verb="partly_refused", data=what)


def _told(one: SaidRefusal) -> dict[str, Any]:
    named = {"category": one.category, "quantity": one.quantity, "device_id": one.device_id}
    return {"reason": one.reason, **{name: value for name, value in named.items() if value is not None}}


def _still_declared(session: Session, donation: Donation) -> dict[UUID, DonationItem]:
    """The devices that the donor listed and that may still come, by id."""
    statement = (
        select(DonationItem)
        .join(Device, col(Device.id) == col(DonationItem.device_id))
        .where(DonationItem.donation_id == donation.id, Device.status == Status.declared)
    )
    return {item.device_id: item for item in session.exec(statement)}


def _check(refusals: Sequence[SaidRefusal], lines: Sequence[DonationLine], listed: dict[UUID, DonationItem]) -> None:
    faults: list[Fault] = []
    named: set[UUID] = set()
    declared: Counter[str] = Counter()
    for line in lines:
        declared[line.category] += line.declared
    loose = declared - Counter(item.category for item in listed.values())
    for place, one in enumerate(refusals):
        if one.device_id is not None and (one.device_id not in listed or one.device_id in named):
            sentence = "This is no device that the donor listed and that may still come, or it is named twice."
            faults.append(Fault(f"/refused/{place}/device_id", code="unknown_device", message=sentence))
        elif one.device_id is not None:
            named.add(one.device_id)
        elif (quantity := one.quantity or 0) > loose[str(one.category)]:
            sentence = (
                f"Only {loose[str(one.category)]} of the {declared[str(one.category)]} devices of the category "
                f"{one.category} can be refused by count; name those that are listed by their device_id."
            )
            faults.append(Fault(f"/refused/{place}/quantity", code="too_many_refused", message=sentence))
        else:
            loose[str(one.category)] -= quantity
    if faults:
        raise Invalid(faults[0].message, code=faults[0].code, errors=tuple(faults))


def _take_off(
    session: Session, donation: Donation, one: SaidRefusal, category: str, lines: Sequence[DonationLine]
) -> None:
    by_id = {line.id: line for line in lines}
    for line_id, quantity in shared_out(one.quantity or 1, [(line.id, line.declared) for line in lines]):
        by_id[line_id].declared -= quantity
        session.add(by_id[line_id])
        session.add(
            LineRefusal(
                id=clock.new_id(),
                donation_id=donation.id,
                line_id=line_id,
                device_id=one.device_id,
                category=category,
                quantity=quantity,
                reason=one.reason,
                created_at=clock.now(),
            )
        )


def _withdraw(session: Session, actor: Actor, refusals: Sequence[SaidRefusal]) -> None:
    """Withdraw the devices that are refused by name, each with its reason in its history."""
    named = sorted(((one.reason, one.device_id) for one in refusals if one.device_id), key=itemgetter(0))
    for reason, group in groupby(named, key=itemgetter(0)):
        ids = [device_id for _, device_id in group]
        for start in range(0, len(ids), LOOKUP):
            devices = session.exec(select(Device).where(col(Device.id).in_(ids[start : start + LOOKUP]))).all()
            move_devices(session, actor, devices, Status.withdrawn, verb="refused", reason=reason)
