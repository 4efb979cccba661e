"""Which medium a report item speaks of: by serial where that is sure, else by a person's word; never by a guess."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.devices.actions.milestones import note_work
from reuse.devices.actions.moves import change_device, lock_device
from reuse.devices.models import Device, Medium
from reuse.devices.rules import Work, normal_code
from reuse.errors import Conflict, Fault, Invalid, NotFound
from reuse.history.actions import record
from reuse.history.rules import Actor
from reuse.people.rules import Caller, Role, require_person, require_role
from reuse.wiping.actions.withdrawal import end_sanitization
from reuse.wiping.models import ErasureReport, ReportItem
from reuse.wiping.queries.gate import SERIAL_DIFFERS, live_sanitization, policy_of, required_level, standings_of
from reuse.wiping.queries.reports import items_of, report_for, workshop_medium
from reuse.wiping.rules import NWIPE_SERIAL_LENGTH, is_placeholder, match_serial, normalise_serial

CHUNK = 200
WWN_LETTERS = ("", "0X", "WWN", "WWN0X", "NAA", "EUI")
"""How a world-wide name begins, once signs other than letters and digits are gone; normalise_serial drops it."""


@dataclass(frozen=True, slots=True)
class Where:
    """To what an upload limits the search; None limits nothing."""

    device_id: UUID | None = None
    medium_id: UUID | None = None


def serial_key(serial: str | None) -> str | None:
    """The form under which an item's serial is looked up; None where it identifies nothing."""
    return None if serial is None or is_placeholder(serial) else normal_code(normalise_serial(serial)) or None


def match_items(
    session: Session, report: ErasureReport, items: Sequence[ReportItem], where: Where
) -> list[tuple[ReportItem, Device]]:
    """Match waiting items of one report to media of its workshop; returns the new matches.

    Every match is guarded: an item that somebody matched meanwhile stays theirs. Each device matched is locked, gets
    the report's uploader noted as having worked on it, and loses `sanitized` where the report that now rules is a fail.
    """
    media = _media_named(session, report.organisation_id, items)
    limited = _limited_media(session, where)
    matched: list[tuple[ReportItem, Medium]] = []
    for item in items:
        pool = media.of(item) if limited is None else limited
        medium_id, how = match_serial(item.serial, [(medium.id, medium.serial) for medium in pool])
        reasons = [] if limited is None else _elsewhere(item, media.of(item), where, found=medium_id is not None)
        reasons += ["serial_ambiguous"] if how == "ambiguous" else []
        if medium_id is None:
            item.match_reasons = reasons
        elif _take(session, item, medium_id, by=how):
            matched.append((item, next(medium for medium in pool if medium.id == medium_id)))
    return _tell_devices(session, Actor(report.organisation_id, report.person), report, matched)


def match_device(session: Session, device_id: UUID) -> int:
    """Look again at waiting items that may speak of this device's media; returns how many were matched."""
    device = session.get_one(Device, device_id)
    media = session.exec(select(Medium).where(Medium.device_id == device_id)).all()
    keys = {key for medium in media if medium.serial for key in _keys_of_medium(medium.serial)}
    statement = select(ReportItem).where(
        col(ReportItem.medium_id).is_(None),
        ReportItem.organisation_id == device.workshop_id,
        col(ReportItem.normal_serial).in_(keys),
    )
    return _match_waiting(session, session.exec(statement).all())


def match_report(session: Session, report_id: UUID) -> int:
    """Look again at the waiting items of one report; returns how many were matched."""
    return _match_waiting(session, [item for item in items_of(session, [report_id])[report_id] if not item.medium_id])


def _match_waiting(session: Session, items: Iterable[ReportItem]) -> int:
    by_report: dict[UUID, list[ReportItem]] = {}
    for item in items:
        by_report.setdefault(item.report_id, []).append(item)
    matched = 0
    for report_id in sorted(by_report):
        report = session.get_one(ErasureReport, report_id)
        where = Where(report.only_device_id, report.only_medium_id)
        matched += len(match_items(session, report, by_report[report_id], where))
    return matched


def match_by_person(
    session: Session, caller: Caller, report_id: UUID, *, index: int, medium_id: UUID, reason: str
) -> ErasureReport:
    """A named person says which medium an item speaks of. The verdict stays what it was.

    A serial that says otherwise is kept visible as `serial_differs`, and such a match opens no gate. Conflict where the
    serial has already found its medium; a person's own match may be corrected by a person.
    """
    require_role(caller, Role.technician, Role.data_security)
    person = require_person(caller)
    report = report_for(session, caller, report_id)
    if report.organisation_id != caller.organisation_id:
        raise NotFound(f"There is no erasure report {report_id} of your workshop.")
    item = next((one for one in items_of(session, [report_id])[report_id] if one.index == index), None)
    if item is None:
        raise _bad("/index", f"This report has no item {index}.")
    try:
        medium, _ = workshop_medium(session, report.organisation_id, medium_id)
    except NotFound as unknown:
        raise _bad("/medium_id", unknown.detail) from unknown
    if item.medium_id is not None and item.matched_by != "person":
        raise Conflict("The serial number has already found this item's medium.", code="already_matched")
    before = session.get(Medium, item.medium_id) if item.medium_id else None
    known = [(medium.id, medium.serial)]
    contradicts = bool(medium.serial) and serial_key(item.serial) is not None
    contradicts = contradicts and match_serial(item.serial, known)[0] is None
    item.match_reasons = [SERIAL_DIFFERS] if contradicts else []
    if not _take(session, item, medium.id, by="person", person=person, note=reason, seen=item.medium_id):
        raise Conflict("Somebody matched this item at the same moment; look at it again.", code="already_matched")
    if before is not None and before.id != medium.id:
        _leave_medium(session, caller.actor, before, item, reason=reason)
    _tell_devices(session, caller.actor, report, [(item, medium)])
    return report


def _leave_medium(session: Session, actor: Actor, before: Medium, item: ReportItem, *, reason: str) -> None:
    """The item speaks of another medium: whatever was accepted on its word for this one no longer stands."""
    device = change_device(session, lock_device(session, before.device_id))
    what = {"report_id": item.report_id, "index": item.index, "reason": reason}
    record(session, actor, thing="device", thing_id=device.id, verb="erasure_unmatched", data=what)
    live = live_sanitization(session, device.id)
    if live is not None and any(one["item_id"] == str(item.id) for one in live.media):
        end_sanitization(session, actor, device, reason=f"its erasure report speaks of another medium: {reason}")


def _bad(pointer: str, sentence: str) -> Invalid:
    return Invalid(sentence, code="unknown_reference", errors=(Fault(pointer, "not_found", sentence),))


def _take(
    session: Session,
    item: ReportItem,
    medium_id: UUID,
    *,
    by: str,
    person: str | None = None,
    note: str | None = None,
    seen: UUID | None = None,
) -> bool:
    """Give the item its medium, unless somebody was faster."""
    reasons = list(item.match_reasons) if by == "person" else []
    session.flush()
    done = session.exec(
        update(ReportItem)
        .where(col(ReportItem.id) == item.id, col(ReportItem.medium_id).is_not_distinct_from(seen))
        .values(
            medium_id=medium_id,
            matched_by=by,
            matched_at=clock.now(),
            matched_person=person,
            match_note=note,
            match_reasons=reasons,
        )
        .execution_options(synchronize_session=False)
    )
    session.refresh(item)
    return done.rowcount == 1


def _tell_devices(
    session: Session, actor: Actor, report: ErasureReport, matched: Sequence[tuple[ReportItem, Medium]]
) -> list[tuple[ReportItem, Device]]:
    by_device: dict[UUID, list[tuple[ReportItem, Medium]]] = {}
    for item, medium in matched:
        by_device.setdefault(medium.device_id, []).append((item, medium))
    told: list[tuple[ReportItem, Device]] = []
    for device_id in sorted(by_device):  # one order for all, so that two uploads never wait for each other
        device = change_device(session, lock_device(session, device_id))
        note_work(session, Actor(report.organisation_id, report.person), device, Work.wipe)
        for item, medium in by_device[device_id]:
            what = {
                "report_id": report.id,
                "index": item.index,
                "medium_id": medium.id,
                "verdict": item.verdict,
                "matched_by": item.matched_by,
                **({"reason": item.match_note} if item.match_note else {}),
            }
            record(session, actor, thing="device", thing_id=device_id, verb="erasure_matched", data=what)
            told.append((item, device))
        _draw_conclusions(session, actor, device)
    return told


def _draw_conclusions(session: Session, actor: Actor, device: Device) -> None:
    standings = standings_of(
        session, device, required=required_level(session, device), policy=policy_of(session, device)
    )
    for one in standings:
        if one.medium.kept_apart and one.state.erased:
            one.medium.kept_apart = False
    failed = [one for one in standings if "verdict_fail" in one.state.missing and one.outcome != "destroyed"]
    if failed:
        serials = ", ".join(one.medium.serial or "without serial" for one in failed)
        end_sanitization(session, actor, device, reason=f"a later erasure report is a fail: {serials}")


def _limited_media(session: Session, where: Where) -> list[Medium] | None:
    if where.medium_id is not None:
        return list(session.exec(select(Medium).where(Medium.id == where.medium_id)))
    if where.device_id is not None:
        return list(session.exec(select(Medium).where(Medium.device_id == where.device_id)))
    return None


def _elsewhere(item: ReportItem, everywhere: list[Medium], where: Where, *, found: bool) -> list[str]:
    """Say that the serial is known, but not where the upload said."""
    if found:
        return []
    medium_id, _ = match_serial(item.serial, [(medium.id, medium.serial) for medium in everywhere])
    if medium_id is None:
        return []
    medium = next(medium for medium in everywhere if medium.id == medium_id)
    return ["other_medium" if where.device_id == medium.device_id else "other_device"]


def _keys_of_medium(serial: str) -> set[str]:
    """The item keys that this medium's serial may answer to: whole, without a WWN's prefix, or cut as nwipe cuts."""
    forms = {serial.strip(), normalise_serial(serial), serial.strip()[:NWIPE_SERIAL_LENGTH]}
    return {key for form in forms if (key := normal_code(normalise_serial(form)))}


@dataclass(frozen=True, slots=True)
class _Named:
    """A workshop's media by the keys of the serials that a report names."""

    by_key: dict[str, list[Medium]]

    def of(self, item: ReportItem) -> list[Medium]:
        """The media that this item's serial may mean."""
        return self.by_key.get(item.normal_serial or "", [])


def _media_named(session: Session, organisation_id: UUID, items: Sequence[ReportItem]) -> _Named:
    keys = sorted({item.normal_serial for item in items if item.normal_serial})
    cut_keys = {item.normal_serial for item in items if len((item.serial or "").strip()) == NWIPE_SERIAL_LENGTH}
    by_key: dict[str, dict[UUID, Medium]] = {key: {} for key in keys}
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        whole = [letters + key for key in some for letters in WWN_LETTERS]
        cut = [col(Medium.normal_serial).startswith(key, autoescape=True) for key in some if key in cut_keys]
        statement = (
            select(Medium)
            .join(Device, col(Device.id) == col(Medium.device_id))
            .where(col(Device.workshop_id) == organisation_id, or_(col(Medium.normal_serial).in_(whole), *cut))
        )
        for medium in session.exec(statement):
            for key in _keys_of_medium(medium.serial or ""):
                if key in by_key:
                    by_key[key][medium.id] = medium
    return _Named({key: list(media.values()) for key, media in by_key.items()})
