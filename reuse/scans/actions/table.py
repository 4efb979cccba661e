"""Every action that a scan can ask for: who may, and what it does. A later need takes one line in `ACTIONS`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from reuse import clock
from reuse.catalogue.actions.offering import list_device
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.actions.milestones import withdraw_milestones
from reuse.devices.models import Device
from reuse.devices.rules import GateFacts, Milestone, Status
from reuse.donations.actions.loading import load_device, pack_device, unpack_device
from reuse.errors import Conflict, Fault, Invalid, NotFound
from reuse.handovers.actions.check import check_handover
from reuse.handovers.actions.picking import pick_device, put_back_device
from reuse.people.rules import Caller, Role
from reuse.scans.models import Scan
from reuse.scans.rules import UNDO_WITHIN, ScanIn, plausible

FLOOR = frozenset({Role.technician, Role.lead})
ON_THE_ROAD = frozenset({"pick_up", "pack", "unpack"})
"""What a carrier asks for, of devices that are not yet, or no longer, in a workshop's hands."""
STOCK = FLOOR | {Role.network}
HANDS = STOCK | {Role.carrier}
MAX_LOCATION = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """What an action looks at: the device as it is, and whether it was its label that was scanned."""

    scan: ScanIn
    device: Device
    facts: GateFacts
    by_label: bool
    now: datetime

    @property
    def newly_labelled(self) -> Milestone | None:
        """`labelled` is met when the label is first scanned, not when it is printed (spec/process.md)."""
        return Milestone.labelled if self.by_label and Milestone.labelled not in self.facts.milestones else None


@dataclass(frozen=True, slots=True)
class Action:
    """Who may ask for it, and one of two ways of doing it.

    `decide` looks and answers with the change to write (or None), which is then written together with those of other
    scans. `act` does its work itself, through the actions of any stage, in a savepoint of its own.
    """

    roles: frozenset[Role]
    decide: Callable[[Seen], Change | None] | None = None
    act: Callable[[Session, Caller, Device, ScanIn], None] | None = None


def _receive(seen: Seen) -> Change:
    if seen.device.status == Status.received and seen.newly_labelled:
        return _only_labelled(seen)
    since = plausible(seen.scan.at, seen.now)
    change = Change(seen.device, "received", Status.received, columns={"custody_since": since}, at=seen.scan.at)
    return replace(change, milestone=seen.newly_labelled)


def _take_in(seen: Seen) -> None:
    """A blank label makes a device before the scans are matched (intake.py); what comes here is on one already."""
    sentence = f"The label {seen.scan.code} is on a device already; take a fresh one, or scan it to receive."
    raise Conflict(sentence, code="label_taken")


def _start_work(seen: Seen) -> Change:
    status = seen.device.status
    if status == Status.in_workshop and seen.newly_labelled:
        return _only_labelled(seen)
    if status not in {Status.received, Status.returned}:
        sentence = f"This device is {status}; work starts on devices that are received or returned."
        raise Conflict(sentence, code="move_not_allowed")
    change = Change(seen.device, "work_started", Status.in_workshop, at=seen.scan.at)
    return replace(change, milestone=seen.newly_labelled)


def _only_labelled(seen: Seen) -> Change:
    return Change(seen.device, "labelled", milestone=Milestone.labelled, at=seen.scan.at)


def _locate(seen: Seen) -> Change | None:
    said: object = seen.scan.data.get("location")
    place = said.strip() if isinstance(said, str) else ""
    if not place or len(place) > MAX_LOCATION or not place.isprintable():
        sentence = f"Say where it is, in 1 to {MAX_LOCATION} characters: data.location."
        raise Invalid(sentence, code="location", errors=(Fault("/data/location", "required", sentence),))
    if place == seen.device.location:
        return None
    columns, data = {"location": place}, {"location": place}
    return Change(seen.device, "located", columns=columns, data=data, at=seen.scan.at)


def _look(_: Seen) -> None:
    """Nothing changes, not even the version."""


def _hand_over_check(session: Session, caller: Caller, device: Device, scan: ScanIn) -> None:
    """The device may leave: the very checks that its hand-over will make; with a reservation, it is laid out for it."""
    said: object = scan.data.get("reservation_id", scan.data.get("reservation"))
    if said is None:
        check_handover(session, caller, device)
    elif isinstance(said, str) and said.strip():
        pick_device(session, caller, device, said)
    else:
        raise _unsaid("reservation_id", "Say for which reservation, by its id or number: data.reservation_id.")


def _put_back(session: Session, caller: Caller, device: Device, _: ScanIn) -> None:
    put_back_device(session, caller, device)


def _undo(session: Session, caller: Caller, device: Device, scan: ScanIn) -> None:
    """Reverse a wrong scan of one's own, as a correcting record: nothing that was written goes away."""
    wrong = _own_scan(session, caller, scan)
    if clock.now() - wrong.received_at > UNDO_WITHIN:
        minutes = UNDO_WITHIN // timedelta(minutes=1)
        raise Conflict(f"A scan can be undone within {minutes} minutes; ask your lead.", code="undo_too_late")
    if wrong.device_id != device.id or wrong.before is None or wrong.version != device.version:
        sentence = "This device has changed since that scan, or the scan changed nothing; ask your lead."
        raise Conflict(sentence, code="undo_not_possible")
    before = wrong.before
    columns: dict[str, Any] = {"location": before["location"]}
    since: str | None = before["custody_since"]
    columns["custody_since"] = datetime.fromisoformat(since) if since else None
    to = Status(before["status"])
    data = {"scan_id": str(wrong.id), "location": before["location"]}
    change = Change(
        device, "scan_undone", to if to != device.status else None, columns=columns, data=data, is_reversal=True
    )
    change_devices(session, caller.actor, [change])
    if before["milestone"]:
        withdraw_milestones(session, caller.actor, device, [Milestone(before["milestone"])], reason="scan undone")


def _own_scan(session: Session, caller: Caller, scan: ScanIn) -> Scan:
    said: object = scan.data.get("scan_id")
    try:
        scan_id = UUID(str(said))
    except ValueError as error:
        sentence = "Say which scan was wrong, by its id: data.scan_id."
        fault = Fault("/data/scan_id", "required", sentence)
        raise Invalid(sentence, code="scan_id", errors=(fault,)) from error
    found = session.get(Scan, (caller.organisation_id, scan_id))
    if found is None or (found.person, found.person or found.key_id) != (caller.person, caller.person or caller.key_id):
        raise NotFound(f"You made no scan {scan_id}; only its author can undo it.", code="unknown_scan")
    return found


def _list(session: Session, caller: Caller, device: Device, _: ScanIn) -> None:
    list_device(session, caller, device)


def _pick_up(session: Session, caller: Caller, device: Device, scan: ScanIn) -> None:
    """Count the device as loaded at the donor's; the signatures of the pick-up then take it along."""
    said: object = scan.data.get("collection_id")
    try:
        collection_id = UUID(str(said))
    except ValueError as error:
        raise _unsaid("collection_id", "Say which collection fetches it, by its id: data.collection_id.") from error
    container = _container(scan) if "container" in scan.data else None
    load_device(session, caller, device, collection_id=collection_id, container=container, at=scan.at)


def _pack(session: Session, caller: Caller, device: Device, scan: ScanIn) -> None:
    pack_device(session, caller, device, container=_container(scan))


def _unpack(session: Session, caller: Caller, device: Device, _: ScanIn) -> None:
    unpack_device(session, caller, device)


def _container(scan: ScanIn) -> str:
    said: object = scan.data.get("container")
    name = said.strip() if isinstance(said, str) else ""
    if not name or len(name) > MAX_LOCATION or not name.isprintable():
        raise _unsaid("container", "Say which container, by its code or id: data.container.")
    return name


def _unsaid(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, code="scan_incomplete", errors=(Fault(f"/data/{name}", "required", sentence),))


TAKE_IN = "take_in"
ACTIONS: dict[str, Action] = {
    TAKE_IN: Action(FLOOR, decide=_take_in),
    "receive": Action(FLOOR, decide=_receive),
    "start_work": Action(FLOOR, decide=_start_work),
    "locate": Action(STOCK, decide=_locate),
    "look": Action(STOCK, decide=_look),
    "list": Action(frozenset({Role.lead}), act=_list),
    "hand_over_check": Action(STOCK, act=_hand_over_check),
    "put_back": Action(FLOOR, act=_put_back),
    "pick_up": Action(frozenset({Role.carrier, Role.lead}), act=_pick_up),
    "pack": Action(HANDS, act=_pack),
    "unpack": Action(HANDS, act=_unpack),
    "undo": Action(FLOOR, act=_undo),
}
