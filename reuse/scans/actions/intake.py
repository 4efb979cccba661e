"""Scans that take a device in under a blank label: 300 machines are labelled now, offline too, and listed later."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session

from reuse import clock
from reuse.devices.models import Code
from reuse.devices.rules import normal_code
from reuse.donations.actions.blind import Blind, blank_labels, take_in_blind
from reuse.errors import Fault, Invalid, Refusal
from reuse.scans.actions.entry import Entry
from reuse.scans.queries import remembered
from reuse.scans.rules import Outcome, plausible

MAX_WORD = 200
WORDS = ("serial", "imei", "asset_tag", "manufacturer", "model")


def take_in_first(session: Session, entries: Sequence[Entry], *, careful: bool) -> None:
    """Make a device for each scan whose code is a blank label of its workshop, before the other scans find theirs.

    A label that is on a device already, or is none of the workshop's, is left to be refused with the others.
    """
    by_organisation: dict[UUID, list[Entry]] = {}
    for entry in entries:
        by_organisation.setdefault(entry.caller.organisation_id, []).append(entry)
    for organisation_id, own in by_organisation.items():
        blank = blank_labels(session, organisation_id, sorted({normal_code(entry.scan.code) for entry in own}))
        known = remembered(session, organisation_id, [entry.scan.id for entry in own])
        fresh: list[tuple[Entry, Blind]] = []
        for entry in own:
            label = blank.get(normal_code(entry.scan.code))
            if label is not None and entry.scan.id not in known and (said := _said(entry, label)) is not None:
                del blank[label.normal]
                fresh.append((entry, said))
        _take_in(session, fresh, careful=careful)


def _take_in(session: Session, fresh: Sequence[tuple[Entry, Blind]], *, careful: bool) -> None:
    """Together by key, for the history names it; one by one, each in a savepoint, where that has failed."""
    groups: dict[object, list[tuple[Entry, Blind]]] = {}
    for place, (entry, said) in enumerate(fresh):
        groups.setdefault(place if careful else (entry.caller.key_id, said.donation_id), []).append((entry, said))
    for group in groups.values():
        _take_in_group(session, group)


def _take_in_group(session: Session, group: Sequence[tuple[Entry, Blind]]) -> None:
    """All of a group or, where a refusal says no to one, each by itself."""
    try:
        with session.begin_nested():
            devices = take_in_blind(session, group[0][0].caller, [said for _, said in group])
    except Refusal as refusal:
        if len(group) > 1:
            for one in group:
                _take_in_group(session, [one])
        else:
            group[0][0].refuse(refusal)
        return
    except (IntegrityError, DataError):
        if len(group) > 1:
            for one in group:
                _take_in_group(session, [one])
        else:
            sentence = "The database does not take this scan as it is; look for odd characters in what it says."
            group[0][0].refuse(Invalid(sentence, code="not_stored"))
        return
    for (entry, _), device in zip(group, devices, strict=True):
        entry.device, entry.device_id, entry.by_label, entry.made = device, device.id, True, True
        entry.outcome, entry.status, entry.version = Outcome.applied, device.status, device.version


def _said(entry: Entry, label: Code) -> Blind | None:
    """What the scan says of the device; refused, naming the place, where it is no text or no donation's id."""
    data = entry.scan.data
    try:
        category = _word(data.get("category"), "category", required=True) or ""
        words = {name: _word(data.get(name), name) for name in WORDS}
        donation_id = _uuid(data.get("donation_id"))
    except Invalid as refusal:
        entry.refuse(refusal)
        return None
    since = plausible(entry.scan.at, clock.now())
    return Blind(label=label, since=since, category=category, donation_id=donation_id, **words)


def _word(value: object, name: str, *, required: bool = False) -> str | None:
    if value is None and not required:
        return None
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > MAX_WORD or not text.isprintable():
        sentence = f"Say the {name} in 1 to {MAX_WORD} characters: data.{name}."
        raise Invalid(sentence, code="bad_text", errors=(Fault(f"/data/{name}", "required", sentence),))
    return text


def _uuid(value: object) -> UUID | None:
    try:
        return None if value is None else UUID(str(value))
    except ValueError as error:
        sentence = "data.donation_id is no id of a donation; leave it out, or send the id as it was given."
        fault = Fault("/data/donation_id", "unknown_donation", sentence)
        raise Invalid(sentence, code="unknown_donation", errors=(fault,)) from error
