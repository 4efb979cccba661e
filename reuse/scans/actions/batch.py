"""Many scans in one transaction, in few statements for all of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session

from reuse import clock
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.models import Device
from reuse.devices.queries import gate_facts
from reuse.devices.rules import GateFacts, Status, check_move, next_steps, normal_code
from reuse.errors import Conflict, Fault, Invalid, NotFound, Refusal
from reuse.history.rules import Actor
from reuse.people.rules import Role, require_role
from reuse.scans.actions.entry import Entry as Entry
from reuse.scans.actions.intake import take_in_first
from reuse.scans.actions.table import ACTIONS, ON_THE_ROAD, TAKE_IN, Seen
from reuse.scans.models import Scan
from reuse.scans.queries import AtHand, Remembered, devices_at_hand, devices_to_fetch, languages_of, remembered
from reuse.scans.rules import Outcome, oddness


@dataclass(slots=True)
class _Batch:
    """What is known of all devices of a batch."""

    session: Session
    now: datetime
    careful: bool
    facts: dict[UUID, GateFacts] = field(default_factory=dict[UUID, GateFacts])


def apply_batch(session: Session, entries: Sequence[Entry], *, careful: bool = False) -> None:
    """Do every scan in the order given and write down in its entry what became of it.

    Changes are written together, and where that fails the whole transaction has failed. `careful` writes every scan in
    a savepoint of its own instead: slower, but only the one that cannot be written suffers.
    """
    batch = _Batch(session, clock.now(), careful)
    firsts: dict[tuple[UUID, UUID], Entry] = {}
    for entry in entries:
        _check(entry, batch.now)
        if entry.outcome is None:
            firsts.setdefault(entry.key, entry)
    take_in_first(session, [entry for entry in firsts.values() if entry.scan.action == TAKE_IN], careful=careful)
    _find_devices(batch, [entry for entry in firsts.values() if entry.outcome is None])
    batch.facts.update(gate_facts(session, [e.device for e in firsts.values() if e.made and e.device]))
    for scans in _rounds(firsts.values()):
        _do_round(batch, scans)
    _remember(session, firsts.values(), batch.now)
    languages = languages_of(session, {entry.caller.territory_id for entry in entries})
    for entry in entries:
        entry.language = languages[entry.caller.territory_id]
        if entry.outcome is None:
            _echo(entry, firsts[entry.key])
        if entry.device is not None:
            entry.steps = next_steps(Status(entry.status or entry.device.status), batch.facts[entry.device.id])


def _check(entry: Entry, now: datetime) -> None:
    """What needs no database: is the action known, may this key ask for it, is the time odd."""
    entry.warning = oddness(entry.scan.at, now)
    action = ACTIONS.get(entry.scan.action)
    try:
        if action is None:
            sentence = f"There is no action {entry.scan.action}; the actions are {', '.join(ACTIONS)}."
            raise Invalid(sentence, code="unknown_action", errors=(Fault("/action", "unknown_action", sentence),))
        require_role(entry.caller, *sorted(action.roles))
    except Refusal as refusal:
        entry.refuse(refusal)


def _find_devices(batch: _Batch, entries: Iterable[Entry]) -> None:
    """Find the devices, then the scans remembered: locked in this order, a scan sent to two processes is done once."""
    by_organisation: dict[UUID, list[Entry]] = {}
    for entry in entries:
        by_organisation.setdefault(entry.caller.organisation_id, []).append(entry)
    for organisation_id, own in by_organisation.items():
        normals = {entry.scan.id: normal_code(entry.scan.code) for entry in own}
        changing = any(entry.scan.action != "look" for entry in own)
        at_hand = devices_at_hand(batch.session, organisation_id, set(normals.values()), locked=changing)
        on_the_road = _on_the_road(batch.session, organisation_id, own)
        known = remembered(batch.session, organisation_id, list(normals))
        found = (*at_hand.values(), *on_the_road.values())
        devices = {device.id: device for several in found for device, _ in several}
        batch.facts.update(gate_facts(batch.session, list(devices.values())))
        for entry in own:
            here = at_hand.get(normals[entry.scan.id], [])
            _choose(entry, [*here, *on_the_road.get(normals[entry.scan.id], [])] if _may_fetch(entry) else here)
            if (scan := known.get(entry.scan.id)) is not None:
                _recall(entry, scan, devices.get(scan.device_id))


def _may_fetch(entry: Entry) -> bool:
    return entry.scan.action in ON_THE_ROAD and Role.carrier in entry.caller.roles


def _on_the_road(session: Session, organisation_id: UUID, entries: Sequence[Entry]) -> AtHand:
    """What a carrier may scan beside what is in its hands; most batches have no such scan and ask nothing."""
    normals = {normal_code(entry.scan.code) for entry in entries if _may_fetch(entry)}
    return devices_to_fetch(session, organisation_id, normals) if normals else {}


def _choose(entry: Entry, found: Sequence[tuple[Device, str]]) -> None:
    """The one device that the code means: the label's, else the only one; several are told, never guessed."""
    devices = {device.id: device for device, _ in found}
    labelled = {device.id: device for device, kind in found if kind == "label"}
    choice = labelled or devices
    if not choice:
        sentence = f"No device in your hands has the code {entry.scan.code}. Scan it again, or ask who received it."
        entry.refuse(NotFound(sentence, code="unknown_code"))
    elif len(choice) > 1:
        sentence = f"{len(choice)} devices have the code {entry.scan.code}; scan the label of the one you hold."
        entry.refuse(Invalid(sentence, code="ambiguous", errors=(Fault("/code", "ambiguous", sentence),)))
        entry.candidates = tuple(choice)
    else:
        entry.device = next(iter(choice.values()))
        entry.by_label = bool(labelled)


def _recall(entry: Entry, scan: Remembered, device: Device | None) -> None:
    """The scan took effect before: say so, with what it answered then."""
    if (scan.action, normal_code(scan.code)) != (entry.scan.action, normal_code(entry.scan.code)):
        sentence = "This scan id was used for another scan; every scan needs an id of its own."
        entry.device = None
        entry.refuse(Conflict(sentence, code="scan_id_reused"))
        return
    entry.refusal, entry.candidates = None, ()
    entry.outcome = Outcome.duplicate
    entry.device, entry.device_id, entry.status = device, scan.device_id, scan.status


def _rounds(entries: Iterable[Entry]) -> list[list[Entry]]:
    """The scans cut so that each round has every device once, and each device's scans keep their order."""
    rounds: list[list[Entry]] = []
    turns: dict[UUID, int] = {}
    for entry in entries:
        if entry.outcome is not None or entry.device is None:
            continue
        turn = turns.get(entry.device.id, 0)
        turns[entry.device.id] = turn + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(entry)
    return rounds


def _do_round(batch: _Batch, entries: Sequence[Entry]) -> None:
    for entry in entries:
        _decide(batch, entry)
    _write(batch, [entry for entry in entries if entry.change is not None])
    for entry in entries:
        if entry.outcome is not None or entry.device is None:
            continue
        entry.outcome = Outcome.applied
        entry.device_id, entry.status, entry.version = entry.device.id, entry.device.status, entry.device.version


def _decide(batch: _Batch, entry: Entry) -> None:
    action, device = ACTIONS[entry.scan.action], entry.device
    if device is None:  # pragma: no cover  # such an entry is in no round
        return
    seen = Seen(entry.scan, device, batch.facts[device.id], entry.by_label, batch.now)
    try:
        if action.decide is not None:
            entry.change = _checked(action.decide(seen))
            entry.before = _before(entry.change) if entry.change else None
        elif action.act is not None:
            with batch.session.begin_nested():
                action.act(batch.session, entry.caller, device, entry.scan)
            batch.facts.update(gate_facts(batch.session, [device]))
    except Refusal as refusal:
        entry.refuse(refusal)
        if action.act is not None:  # what it had done before it said no is not so
            batch.session.expire(device)


def _checked(change: Change | None) -> Change | None:
    """The change, if its move is in the table: one that is not shall not spoil the statement of the others."""
    if change is not None and change.to is not None:
        check_move(Status(change.device.status), change.to)
    return change


def _before(change: Change) -> dict[str, Any]:
    device = change.device
    return {
        "status": device.status,
        "location": device.location,
        "custody_since": device.custody_since.isoformat() if device.custody_since else None,
        "milestone": change.milestone,
    }


def _write(batch: _Batch, entries: Sequence[Entry]) -> None:
    if batch.careful:
        for entry in entries:
            _write_alone(batch.session, entry)
    else:
        _write_together(batch.session, entries)
    for entry in entries:
        if entry.outcome is None and entry.device is not None and entry.change and entry.change.milestone:
            facts = batch.facts[entry.device.id]
            milestones = facts.milestones | {entry.change.milestone.value}
            batch.facts[entry.device.id] = replace(facts, milestones=milestones)


def _write_together(session: Session, entries: Sequence[Entry]) -> None:
    by_actor: dict[Actor, list[Change]] = {}
    for entry in entries:
        if entry.change is not None:
            by_actor.setdefault(entry.caller.actor, []).append(entry.change)
    for actor, changes in by_actor.items():
        change_devices(session, actor, changes)


def _write_alone(session: Session, entry: Entry) -> None:
    try:
        with session.begin_nested():
            _write_together(session, [entry])
    except Refusal as refusal:
        entry.refuse(refusal)
    except (IntegrityError, DataError):
        sentence = "The database does not take this scan as it is; look for odd characters in what it says."
        entry.refuse(Invalid(sentence, code="not_stored"))
    if entry.outcome is not None:
        session.expire(entry.device)


def _echo(entry: Entry, first: Entry) -> None:
    """The same scan came twice in one batch: the second did nothing."""
    if (first.scan.action, first.scan.code) != (entry.scan.action, entry.scan.code):
        sentence = "This scan id was used for another scan; every scan needs an id of its own."
        entry.refuse(Conflict(sentence, code="scan_id_reused"))
        return
    done = first.outcome in {Outcome.applied, Outcome.duplicate}
    entry.outcome = Outcome.duplicate if done else first.outcome
    entry.device, entry.device_id, entry.status = first.device, first.device_id, first.status
    entry.refusal, entry.candidates = first.refusal, first.candidates


_NEW_SCANS = insert(Scan)


def _remember(session: Session, entries: Iterable[Entry], now: datetime) -> None:
    rows = [
        {
            "organisation_id": entry.caller.organisation_id,
            "id": entry.scan.id,
            "device_id": entry.device_id,
            "action": entry.scan.action,
            "code": entry.scan.code,
            "status": entry.status,
            "version": entry.version,
            "before": entry.before,
            "at": entry.scan.at,
            "received_at": now,
            "warning": entry.warning,
            "person": entry.caller.person,
            "key_id": entry.caller.key_id,
            "station": entry.scan.station,
            "data": entry.scan.data or None,
        }
        for entry in entries
        if entry.outcome is Outcome.applied
    ]
    if rows:
        session.connection().execute(_NEW_SCANS, rows)
