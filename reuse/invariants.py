"""What must hold at any moment: the promise of this house, as questions to the database.

`filiere check` asks everything of everything. Every hour the upkeep asks it of what has changed, and of a portion of
the rest where the hour before stopped, so that an hour costs the same in a town and in a country.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from reuse.canonical import canonical_json, sha256_hex
from reuse.devices.models import Custody, Device
from reuse.devices.queries import gate_facts
from reuse.devices.rules import Milestone, Status, agrees, missing_for_ready
from reuse.documents.models import Document
from reuse.errors import NotFound
from reuse.files import Files
from reuse.history.models import HistoryRecord
from reuse.history.queries import Chain, chains_after, chains_written_since, headless_records, verify_chains
from reuse.reservations.models import ReservationLine
from reuse.wiping.models import Certificate

CHUNK = 500
NEVER_FETCHED = (Status.declared, Status.withdrawn)
READY_OR_BEYOND = (Status.ready, Status.listed, Status.reserved, Status.handed_over)


@dataclass(frozen=True, slots=True)
class Look:
    """What a question is asked of."""

    session: Session
    files: Files


def ready_without_milestone(look: Look, device_ids: Sequence[UUID]) -> Iterator[str]:
    """Nothing reaches `ready`, or a family, without every milestone (spec/process.md, gates)."""
    statement = select(Device).where(col(Device.id).in_(device_ids), col(Device.status).in_(READY_OR_BEYOND))
    devices = look.session.exec(statement.order_by(col(Device.id))).all()
    facts = gate_facts(look.session, devices)
    for device in devices:
        missing = [word for word in missing_for_ready(facts[device.id]) if not word.startswith("flag:")]
        if Milestone.approved not in facts[device.id].milestones:
            missing.append(Milestone.approved)
        if missing:
            yield f"device {device.id} is {device.status} without {', '.join(missing)}"


def status_beside_history(look: Look, device_ids: Sequence[UUID]) -> Iterator[str]:
    """The last move that history knows of a device gives its present status."""
    moves = (
        select(HistoryRecord.thing_id, HistoryRecord.to_state)
        .where(
            HistoryRecord.thing == "device",
            col(HistoryRecord.thing_id).in_(device_ids),
            col(HistoryRecord.to_state).is_not(None),
        )
        .order_by(col(HistoryRecord.thing_id), col(HistoryRecord.seq))
    )
    last = dict(look.session.exec(moves).all())
    statement = select(Device.id, Device.status).where(col(Device.id).in_(device_ids)).order_by(col(Device.id))
    for device_id, status in look.session.exec(statement):
        if last.get(device_id) != status:
            yield f"device {device_id} is {status}, its history says {last.get(device_id)}"


def torn_custody(look: Look, device_ids: Sequence[UUID]) -> Iterator[str]:
    """Who held a device is told without a gap and without two at once."""
    statement = select(Custody).where(col(Custody.device_id).in_(device_ids))
    ends: dict[UUID, datetime | None] = {}
    torn: set[UUID] = set()
    for span in look.session.exec(statement.order_by(col(Custody.since), col(Custody.version))):
        if span.device_id in ends and ends[span.device_id] != span.since:
            torn.add(span.device_id)
        ends[span.device_id] = span.until
    torn.update(device_id for device_id, until in ends.items() if until is not None)
    for device_id in sorted(torn):
        yield f"device {device_id} was held by two at once, or by nobody in between"


def held_beside_status(look: Look, device_ids: Sequence[UUID]) -> Iterator[str]:
    """A device is with whom its status says."""
    untold = col(Custody.device_id).is_(None) & col(Device.status).in_(NEVER_FETCHED)
    present = case((untold, col(Device.donor_id)), else_=col(Custody.holder_id))
    statement = (
        select(Device.id, Device.status, Device.donor_id, present)
        .join(Custody, (col(Custody.device_id) == col(Device.id)) & col(Custody.until).is_(None), isouter=True)
        .where(col(Device.id).in_(device_ids))
        .order_by(col(Device.id))
    )
    for device_id, status, donor_id, holder_id in look.session.exec(statement):
        if not agrees(Status(status), holder_id, donor_id=donor_id):
            yield f"device {device_id} is {status}, and with {holder_id or 'nobody'}"


def document_without_its_bytes(look: Look, document_ids: Sequence[UUID]) -> Iterator[str]:
    """Every document, certificates first of all, is still stored, byte for byte."""
    statement = select(Document.number, Document.id, Document.sha256).where(
        col(Document.id).in_(document_ids), col(Document.erased_at).is_(None)
    )
    for number, document_id, digest in look.session.exec(statement.order_by(col(Document.id))):
        try:
            is_whole = sha256_hex(look.files.get(digest)) == digest
        except NotFound:
            yield f"document {number or document_id} has no stored bytes"
        else:
            if not is_whole:
                yield f"document {number or document_id} has other bytes than were issued"


def changed_certificate(look: Look, certificate_ids: Sequence[UUID]) -> Iterator[str]:
    """What a certificate says is what was signed."""
    statement = select(Certificate).where(
        col(Certificate.id).in_(certificate_ids), col(Certificate.erased_at).is_(None)
    )
    for certificate in look.session.exec(statement.order_by(col(Certificate.id))):
        if sha256_hex(canonical_json(certificate.content)) != certificate.sha256:
            yield f"certificate {certificate.number} says something else than was signed"


def broken_chain(look: Look, chains: Sequence[Chain]) -> Iterator[str]:
    """The history is whole: nothing changed, removed or cut off."""
    for found in verify_chains(look.session, chains)[1]:
        yield f"history of {found.thing} {found.thing_id}, record {found.seq}: {found.reason}"


def headless_history(look: Look) -> Iterator[str]:
    """No record stands outside the chains that are known."""
    for found in headless_records(look.session):
        yield f"history of {found.thing} {found.thing_id}: {found.reason}"


def reserved_twice(look: Look) -> Iterator[str]:
    """A device is never reserved twice."""
    live = select(ReservationLine.device_id).where(col(ReservationLine.live)).group_by(col(ReservationLine.device_id))
    for device_id in look.session.exec(live.having(func.count() > 1)):
        yield f"device {device_id} is in several live reservations"


def reserved_for_nobody(look: Look) -> Iterator[str]:
    """A device that is reserved is reserved for somebody."""
    held = select(ReservationLine.device_id).where(col(ReservationLine.live))
    statement = select(Device.id).where(Device.status == Status.reserved, col(Device.id).not_in(held))
    for device_id in look.session.exec(statement.order_by(col(Device.id))):
        yield f"device {device_id} is reserved, and no live reservation holds it"


@dataclass(frozen=True, slots=True)
class Walk:
    """Things of one kind in an order of their own, and what is asked of some hundred of them at a time.

    `after` gives the next ones behind a place (the text of one of them), `touched` those changed since an id was made.
    """

    after: Callable[[Session, str | None, int], Sequence[Any]]
    touched: Callable[[Session, UUID, int], Sequence[Any]]
    questions: Mapping[str, Callable[[Look, Sequence[Any]], Iterator[str]]]


def _after(model: type[Device | Document | Certificate]) -> Callable[[Session, str | None, int], Sequence[UUID]]:
    def after(session: Session, place: str | None, limit: int) -> Sequence[UUID]:
        statement = select(model.id).order_by(col(model.id)).limit(limit)
        return session.exec(statement if place is None else statement.where(col(model.id) > UUID(place))).all()

    return after


def _made_since(model: type[Document | Certificate]) -> Callable[[Session, UUID, int], Sequence[UUID]]:
    def made(session: Session, since: UUID, limit: int) -> Sequence[UUID]:
        return session.exec(select(model.id).where(col(model.id) > since).limit(limit)).all()

    return made


def _devices_of_history(session: Session, since: UUID, limit: int) -> Sequence[UUID]:
    written = select(HistoryRecord.thing_id).where(HistoryRecord.thing == "device", col(HistoryRecord.id) > since)
    return session.exec(written.distinct().limit(limit)).all()


BROKEN_CHAIN = "the hash chain of the history is unbroken"
WALKS: dict[str, Walk] = {
    "devices": Walk(
        _after(Device),
        _devices_of_history,
        {
            "every device that is ready or beyond has every milestone": ready_without_milestone,
            "the history gives each device's present status": status_beside_history,
            "at every moment one at most holds a device": torn_custody,
            "every device is with whom its status says": held_beside_status,
        },
    ),
    "certificates": Walk(
        _after(Certificate),
        _made_since(Certificate),
        {"every certificate says what was signed": changed_certificate},
    ),
    "documents": Walk(
        _after(Document),
        _made_since(Document),
        {"every document's bytes are stored and unchanged": document_without_its_bytes},
    ),
    "chains": Walk(chains_after, chains_written_since, {BROKEN_CHAIN: broken_chain}),
}
QUICK: dict[str, Callable[[Look], Iterator[str]]] = {
    "no device is in two live reservations": reserved_twice,
    "every reserved device has its live reservation": reserved_for_nobody,
}
"""Questions that an index answers for all devices at once."""
SLOW: dict[str, Callable[[Look], Iterator[str]]] = {BROKEN_CHAIN: headless_history}
"""Questions that look at every row there is."""

Violations = dict[str, list[str]]


def violations(session: Session, files: Files) -> Violations:
    """Every invariant, in words, with the places where it does not hold: empty lists in a house in order."""
    look = Look(session, files)
    found = _ask(look, QUICK)
    for walk in WALKS.values():
        place: str | None = None
        _merge(found, {words: [] for words in walk.questions})
        while some := walk.after(session, place, CHUNK):
            place = str(some[-1])
            _ask_of(look, walk, some, found)
    _merge(found, _ask(look, SLOW))
    return found


@dataclass(frozen=True, slots=True)
class Watch:
    """How far the walks have come, and what holds no longer."""

    found: Violations
    places: dict[str, str | None]


def watch(
    session: Session, files: Files, *, since: UUID, places: Mapping[str, str | None], portion: int, most_touched: int
) -> Watch:
    """Ask everything of what changed since an id was made, at most so many of each kind, and of the next portion.

    `places` says where each walk stopped the last time; one that comes to its end begins anew.
    """
    look = Look(session, files)
    found = _ask(look, QUICK)
    reached: dict[str, str | None] = {}
    for name, walk in WALKS.items():
        _ask_of(look, walk, walk.touched(session, since, most_touched), found)
        some = walk.after(session, places.get(name), portion)
        _ask_of(look, walk, some, found)
        reached[name] = str(some[-1]) if len(some) == portion else None
    return Watch({words: list(dict.fromkeys(told)) for words, told in found.items() if told}, reached)


def _ask(look: Look, questions: Mapping[str, Callable[[Look], Iterator[str]]]) -> Violations:
    return {words: list(question(look)) for words, question in questions.items()}


def _ask_of(look: Look, walk: Walk, things: Sequence[Any], found: Violations) -> None:
    for start in range(0, len(things), CHUNK):
        some = things[start : start + CHUNK]
        for words, question in walk.questions.items():
            _merge(found, {words: list(question(look, some))})
        look.session.expunge_all()


def _merge(found: Violations, more: Violations) -> None:
    for words, told in more.items():
        found.setdefault(words, []).extend(told)
