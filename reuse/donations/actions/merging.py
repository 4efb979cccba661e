"""A device that was taken in blind and the listed one that it turns out to be: made one, and two again on request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from reuse import clock
from reuse.devices.actions.awaiting import tell_who_waits
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.actions.milestones import withdraw_milestones
from reuse.devices.models import Code, Device
from reuse.devices.rules import Milestone
from reuse.donations.actions.register import change_donation, lock_donation
from reuse.donations.actions.versions import renew_reconciliation
from reuse.donations.models import Donation, DonationItem, Merge
from reuse.donations.queries import NOT_HERE, listed_awaited, sides, taken_in_unlisted
from reuse.donations.rules import ENDED, SURE, PairedBy, Proposal, RequiredErasure, VersionReason, propose, strongest
from reuse.errors import Conflict, Fault, Invalid
from reuse.history.actions import record
from reuse.history.rules import Actor
from reuse.people.rules import Caller, Role, require_person, require_role

TOLD_BY_LIST = ("manufacturer", "model", "serial", "year", "condition", "comment")
"""What the list says of a device counts where the device itself says nothing."""
LOOKUP = 500


@dataclass(frozen=True, slots=True)
class Pair:
    """A device in the workshop's hands and the listed one that it is, with why somebody says so."""

    pointer: str
    device_id: UUID
    listed_device_id: UUID
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """A pair that may be merged, with what is kept of it."""

    device: Device
    listed: Device
    key: str
    by: PairedBy
    reason: str | None


def merge_devices(session: Session, caller: Caller, donation: Donation, *, pairs: Sequence[Pair]) -> list[Merge]:
    """Make each device one with the listed device that it is, all pairs or none.

    The device in hand goes on; the listed one becomes another name of it, whose codes and id find it. Said by a named
    technician or lead of the workshop. Invalid for a device that is not there to be merged, Conflict where one of them
    was merged before or the donation has ended.
    """
    require_role(caller, Role.technician, Role.lead)
    require_person(caller)
    lock_donation(session, donation.id)
    _check_open(caller, donation)
    known = _checked(session, caller, donation, pairs)
    merges = _merge(session, caller.actor, donation, known)
    if donation.reconciliation_version:
        renew_reconciliation(session, caller.actor, donation, because=VersionReason.MERGE)
    return merges


def merge_sure_ones(session: Session, actor: Actor, donation: Donation, devices: Sequence[Device]) -> list[Merge]:
    """Merge devices just taken in with listed ones, where a serial number or IMEI is theirs alone on both sides.

    It holds the donation, so that a list that comes at the same moment sees what it has done, or is seen by it.
    """
    numbered = sides(session, devices)
    if not any(kind in SURE for side in numbered.values() for kind, _ in side.codes):
        return []
    lock_donation(session, donation.id)
    listed = {str(one.id): one for one in listed_awaited(session, donation.id)}
    here = sides(session, _here(session, donation))
    there = list(sides(session, list(listed.values())).values())
    found = [one for one in propose(list(here.values()), there) if one.by in SURE and UUID(one.device_id) in numbered]
    by_id = {str(device.id): device for device in devices}
    keys = _keys(session, [UUID(one.listed_device_id) for one in found])
    known = [
        _Known(by_id[one.device_id], listed[one.listed_device_id], keys[UUID(one.listed_device_id)], one.by, None)
        for one in found
    ]
    return _merge(session, actor, donation, known) if known else []


def _here(session: Session, donation: Donation) -> list[Device]:
    listed = select(DonationItem.device_id).where(DonationItem.donation_id == donation.id)
    statement = select(Device).where(
        Device.donation_id == donation.id,
        col(Device.merged_into_id).is_(None),
        col(Device.status).not_in(NOT_HERE),
        col(Device.id).not_in(listed),
    )
    return list(session.exec(statement))


def proposals_for(session: Session, caller: Caller, donation: Donation) -> list[Proposal]:
    """Pairs that might be one device, strongest first; a device of no donation is proposed by its codes alone."""
    taken_in = taken_in_unlisted(session, caller, donation)
    listed = listed_awaited(session, donation.id)
    homeless = {str(device.id) for device in taken_in if device.donation_id is None}
    mine, theirs = sides(session, taken_in), sides(session, listed)
    shared = {code for side in theirs.values() for code in side.codes}
    weighed = [side for side in mine.values() if side.id not in homeless or side.codes & shared]
    kinds = {PairedBy.MODEL, PairedBy.CATEGORY}
    return [
        one for one in propose(weighed, list(theirs.values())) if one.by not in kinds or one.device_id not in homeless
    ]


def _check_open(caller: Caller, donation: Donation) -> None:
    if donation.workshop_id != caller.organisation_id:
        sentence = "Devices are merged by the workshop that received them."
        raise Conflict(sentence, code="not_yours")
    if donation.status in ENDED:
        raise Conflict(f"This donation is {donation.status}; its devices stay as they are.", code="donation_ended")


def _checked(session: Session, caller: Caller, donation: Donation, pairs: Sequence[Pair]) -> list[_Known]:
    """The pairs with their devices; every fault of every pair at its place."""
    here = {device.id: device for device in taken_in_unlisted(session, caller, donation)}
    listed = {device.id: device for device in listed_awaited(session, donation.id)}
    faults: list[Fault] = []
    seen: set[UUID] = set()
    for pair in pairs:
        for name, device_id, known in (
            ("device_id", pair.device_id, here),
            ("listed_device_id", pair.listed_device_id, listed),
        ):
            place = f"{pair.pointer}/{name}"
            if device_id in seen:
                faults.append(
                    Fault(place, code="listed_twice", message="This device stands in another pair too; name it once.")
                )
            elif device_id not in known:
                faults.append(_why_not(session, caller, donation, place, device_id, name))
            seen.add(device_id)
    if faults:
        kind = Conflict if all(one.code == "already_merged" for one in faults) else Invalid
        raise kind(faults[0].message, code=faults[0].code, errors=tuple(faults))
    keys = _keys(session, [pair.listed_device_id for pair in pairs])
    compared = sides(session, [*here.values(), *listed.values()])
    return [
        _Known(
            here[pair.device_id],
            listed[pair.listed_device_id],
            keys[pair.listed_device_id],
            strongest(compared[pair.device_id], compared[pair.listed_device_id]),
            pair.reason,
        )
        for pair in pairs
    ]


def _why_not(session: Session, caller: Caller, donation: Donation, place: str, device_id: UUID, name: str) -> Fault:
    device = session.get(Device, device_id)
    if device is None or device.workshop_id != caller.organisation_id or device.donation_id not in {None, donation.id}:
        return Fault(place, "unknown_device", f"There is no device {device_id} in this donation.")
    has_item = session.get(DonationItem, device_id) is not None
    if device.merged_into_id is not None or (name == "device_id" and has_item and device.status not in NOT_HERE):
        sentence = "This device stands for a listed one already; reverse that merge first if it was wrong."
        return Fault(place, code="already_merged", message=sentence)
    if name == "device_id":
        sentence = f"This device is {device.status}: it is not in your hands. Name the one that you hold."
        return Fault(place, code="not_taken_in", message=sentence)
    sentence = f"This device is {device.status} and awaits nothing; name a listed device that nobody has taken in."
    return Fault(place, code="not_awaited", message=sentence)


def _keys(session: Session, device_ids: Sequence[UUID]) -> dict[UUID, str]:
    found: dict[UUID, str] = {}
    for start in range(0, len(device_ids), LOOKUP):
        some = device_ids[start : start + LOOKUP]
        rows = session.exec(
            select(DonationItem.device_id, DonationItem.key).where(col(DonationItem.device_id).in_(some))
        )
        found.update(dict(rows.all()))
    return found


_MOVE_ITEM = (
    update(DonationItem)
    .where(col(DonationItem.device_id) == bindparam("of_device"), col(DonationItem.key) == bindparam("of_key"))
    .values(device_id=bindparam("to_device"))
)
_MOVE_CODE = (
    update(Code)
    .where(col(Code.id) == bindparam("of_code"), col(Code.device_id) == bindparam("of_device"))
    .values(device_id=bindparam("to_device"))
)


def _merge(session: Session, actor: Actor, donation: Donation, known: Sequence[_Known]) -> list[Merge]:
    codes = _codes_of_listed(session, [one.listed.id for one in known])
    merges = [_new_merge(actor, donation, one, codes.get(one.listed.id, [])) for one in known]
    unannounced = [one.device for one in known if one.device.donation_id is None]
    gone = [
        Change(
            one.listed,
            "merged",
            columns={"merged_into_id": one.device.id},
            data={"into": one.device.id, "by": one.by, "reason": one.reason, "merge_id": merge.id},
        )
        for one, merge in zip(known, merges, strict=True)
    ]
    change_devices(session, actor, gone)
    kept = [
        Change(
            one.device,
            "merged_with",
            columns=_gained(donation, one),
            data={"listed": one.listed.id, "by": one.by, "reason": one.reason, "merge_id": merge.id},
        )
        for one, merge in zip(known, merges, strict=True)
    ]
    change_devices(session, actor, kept)
    _move(session, _MOVE_ITEM, [{"of_device": k.listed.id, "of_key": k.key, "to_device": k.device.id} for k in known])
    moved = [
        {"of_code": code, "of_device": one.listed.id, "to_device": one.device.id}
        for one in known
        for code in codes.get(one.listed.id, [])
    ]
    _move(session, _MOVE_CODE, moved)
    tell_who_waits(session, actor, [one.device.id for one in known])
    if donation.required_erasure != RequiredErasure.CLEAR:  # a device without a donation was judged by that
        for device in unannounced:
            why = f"its donation {donation.number} demands {donation.required_erasure}"
            withdraw_milestones(session, actor, device, [Milestone.sanitized], reason=why)
    session.add_all(merges)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("Somebody merged one of these devices at the same moment.", code="moved_meanwhile") from error
    change_donation(session, donation)
    what = {"pairs": [{"device_id": one.device.id, "listed_device_id": one.listed.id, "by": one.by} for one in known]}
    record(session, actor, thing="donation", thing_id=donation.id, verb="merged", data=what)
    return merges


def _gained(donation: Donation, one: _Known) -> dict[str, Any]:
    """What the device learns from the list, and the donation of one that was taken in without."""
    gained = {
        name: getattr(one.listed, name)
        for name in TOLD_BY_LIST
        if getattr(one.device, name) is None and getattr(one.listed, name) is not None
    }
    if one.device.donation_id is None:
        gained |= {"donation_id": donation.id, "donor_id": donation.donor_id}
    return gained


def _new_merge(actor: Actor, donation: Donation, one: _Known, codes: Sequence[UUID]) -> Merge:
    gained = _gained(donation, one)
    return Merge(
        id=clock.new_id(),
        donation_id=donation.id,
        device_id=one.device.id,
        listed_device_id=one.listed.id,
        by=one.by,
        reason=one.reason,
        kept={
            "key": one.key,
            "code_ids": [str(code) for code in codes],
            "gained": {name: str(value) if isinstance(value, UUID) else value for name, value in gained.items()},
        },
        organisation_id=actor.organisation_id,
        person=actor.person,
        merged_at=clock.now(),
    )


def _codes_of_listed(session: Session, device_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    for start in range(0, len(device_ids), LOOKUP):
        some = device_ids[start : start + LOOKUP]
        for device_id, code_id in session.exec(select(Code.device_id, Code.id).where(col(Code.device_id).in_(some))):
            if device_id is not None:
                found.setdefault(device_id, []).append(code_id)
    return found


def _move(session: Session, statement: Any, rows: Sequence[dict[str, Any]]) -> None:  # noqa: ANN401  # an update
    """Have codes or items follow their device; all of them, or somebody came first."""
    session.flush()
    if rows and session.connection().execute(statement, rows).rowcount != len(rows):
        raise Conflict("Somebody changed these devices at the same moment; look again.", code="moved_meanwhile")
    for row in rows:  # the statement went past the identity map
        for model, key in ((Code, row.get("of_code")), (DonationItem, row["of_device"])):
            if key and (held := session.identity_map.get(session.identity_key(model, (key,)))) is not None:
                session.expunge(held)


def move_back(session: Session, merge: Merge) -> None:
    """Give the listed device its place in the list and its codes again."""
    item = {"of_device": merge.device_id, "of_key": merge.kept["key"], "to_device": merge.listed_device_id}
    _move(session, _MOVE_ITEM, [item])
    codes = [
        {"of_code": UUID(code), "of_device": merge.device_id, "to_device": merge.listed_device_id}
        for code in merge.kept["code_ids"]
    ]
    _move(session, _MOVE_CODE, codes)
