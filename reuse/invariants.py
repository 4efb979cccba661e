"""What must hold at any moment (the promise of this house, as questions to the database), asked by `filiere check`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from sqlalchemy import func
from sqlmodel import Session, col, select

from reuse.canonical import canonical_json, sha256_hex
from reuse.devices.models import Device
from reuse.devices.queries import gate_facts
from reuse.devices.rules import Milestone, Status, missing_for_ready
from reuse.documents.models import Document
from reuse.errors import NotFound
from reuse.files import Files
from reuse.history.models import HistoryRecord
from reuse.history.queries import verify_history
from reuse.reservations.models import ReservationLine
from reuse.wiping.models import Certificate

Row = TypeVar("Row")
CHUNK = 500
READY_OR_BEYOND = (Status.ready, Status.listed, Status.reserved, Status.handed_over)


@dataclass(frozen=True, slots=True)
class Look:
    """What a question is asked of."""

    session: Session
    files: Files


def ready_without_milestone(look: Look) -> Iterator[str]:
    """Nothing reaches `ready`, or a family, without every milestone (spec/process.md, gates)."""
    statement = select(Device).where(col(Device.status).in_(READY_OR_BEYOND)).order_by(col(Device.id))
    rows = look.session.exec(statement.execution_options(yield_per=CHUNK))
    while devices := list(islice(rows, CHUNK)):
        facts = gate_facts(look.session, devices)
        for device in devices:
            missing = [word for word in missing_for_ready(facts[device.id]) if not word.startswith("flag:")]
            if Milestone.approved not in facts[device.id].milestones:
                missing.append(Milestone.approved)
            if missing:
                yield f"device {device.id} is {device.status} without {', '.join(missing)}"
        look.session.expunge_all()


def document_without_its_bytes(look: Look) -> Iterator[str]:
    """Every document, certificates first of all, is still stored, byte for byte."""
    rows = look.session.exec(select(Document.number, Document.id, Document.sha256).order_by(col(Document.id)))
    for number, document_id, digest in rows:
        try:
            is_whole = sha256_hex(look.files.get(digest)) == digest
        except NotFound:
            yield f"document {number or document_id} has no stored bytes"
        else:
            if not is_whole:
                yield f"document {number or document_id} has other bytes than were issued"


def broken_chain(look: Look) -> Iterator[str]:
    """The history is whole: nothing changed, removed or cut off."""
    for found in verify_history(look.session).breaks:
        yield f"history of {found.thing} {found.thing_id}, record {found.seq}: {found.reason}"


def status_beside_history(look: Look) -> Iterator[str]:
    """The last move that history knows of a device gives its present status."""
    moves = (
        select(HistoryRecord.thing_id, func.max(HistoryRecord.seq).label("seq"))
        .where(HistoryRecord.thing == "device", col(HistoryRecord.to_state).is_not(None))
        .group_by(col(HistoryRecord.thing_id))
        .subquery()
    )
    statement = (
        select(Device.id, Device.status, HistoryRecord.to_state)
        .join(moves, moves.c.thing_id == Device.id, isouter=True)
        .join(
            HistoryRecord,
            (col(HistoryRecord.thing) == "device")
            & (col(HistoryRecord.thing_id) == moves.c.thing_id)
            & (col(HistoryRecord.seq) == moves.c.seq),
            isouter=True,
        )
        .where(col(HistoryRecord.to_state).is_distinct_from(col(Device.status)))
        .order_by(col(Device.id))
    )
    for device_id, status, last in look.session.exec(statement):
        yield f"device {device_id} is {status}, its history says {last}"


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


def changed_certificate(look: Look) -> Iterator[str]:
    """What a certificate says is what was signed."""
    rows = look.session.exec(select(Certificate).order_by(col(Certificate.id)).execution_options(yield_per=CHUNK))
    for certificate in rows:
        if sha256_hex(canonical_json(certificate.content)) != certificate.sha256:
            yield f"certificate {certificate.number} says something else than was signed"
        look.session.expunge(certificate)


INVARIANTS: dict[str, Callable[[Look], Iterator[str]]] = {
    "no device is in two live reservations": reserved_twice,
    "every reserved device has its live reservation": reserved_for_nobody,
    "every device that is ready or beyond has every milestone": ready_without_milestone,
    "every certificate says what was signed": changed_certificate,
    "every document's bytes are stored and unchanged": document_without_its_bytes,
    "the hash chain of the history is unbroken": broken_chain,
    "the history gives each device's present status": status_beside_history,
}


def violations(session: Session, files: Files) -> dict[str, list[str]]:
    """Every invariant, in words, with the places where it does not hold: empty lists in a house in order."""
    look = Look(session, files)
    return {words: list(question(look)) for words, question in INVARIANTS.items()}
