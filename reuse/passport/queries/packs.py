"""What a pack is drawn from: chains, documents and certificates, as far as one organisation may see them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from reuse.canonical import canonical_json, sha256_hex
from reuse.devices.models import Device
from reuse.documents.models import Document
from reuse.documents.queries import visible_documents
from reuse.donations.models import Donation
from reuse.handovers.models import HandoverLine
from reuse.handovers.queries import receipt_key
from reuse.history.models import HistoryHead, HistoryRecord
from reuse.passport.queries.following import its_devices, their_chains
from reuse.passport.queries.ways import CERTIFICATE
from reuse.passport.rules.index import SCHEMA, Head
from reuse.people.rules import Caller
from reuse.wiping.models import Certificate
from reuse.wiping.queries.certificates import visible_certificates

PACK = "donation_pack"
PORTION = 500
"""Devices that are read at once: memory stays flat however large the donation is."""


@dataclass(frozen=True, slots=True)
class Attested:
    """A certificate with its rendering; without one yet, its signed record stands for it."""

    id: UUID
    number: str
    status: str
    device_id: UUID
    record_sha256: str
    issued_at: datetime
    sha256: str | None
    size: int | None


def chains_of(session: Session, caller: Caller, donation: Donation) -> list[Head]:
    """The heads of the donation's chain and of each of its devices' that the caller may know of, in that order."""
    devices = their_chains(caller, donation.id)
    of_devices = (col(HistoryHead.thing) == "device") & col(HistoryHead.thing_id).in_(devices)
    of_donation = (col(HistoryHead.thing) == "donation") & (col(HistoryHead.thing_id) == donation.id)
    columns = (HistoryHead.thing, HistoryHead.thing_id, HistoryHead.seq, HistoryHead.hash)
    statement = select(*columns).where(of_donation | of_devices)
    heads = session.exec(statement.order_by(col(HistoryHead.thing).desc(), col(HistoryHead.thing_id)))
    return [Head(thing, str(thing_id), seq, digest) for thing, thing_id, seq, digest in heads]


def documents_in(session: Session, caller: Caller, donation: Donation) -> list[Document]:
    """Every document about the donation, its devices or their hand-overs that the caller may read, oldest first.

    Certificates stand apart, and a pack holds no packs, nor what is erased.
    """
    devices = their_chains(caller, donation.id)
    handovers = session.exec(
        select(HandoverLine.handover_id).where(col(HandoverLine.device_id).in_(devices)).distinct()
    )
    about = [col(Document.donation_id) == donation.id, col(Document.device_id).in_(devices)]
    found: dict[UUID, Document] = {}
    for condition in (about[0] | about[1], *_receipts([receipt_key(one) for one in handovers])):
        statement = select(Document).where(
            condition,
            col(Document.kind).not_in([PACK, CERTIFICATE]),
            col(Document.erased_at).is_(None),
            visible_documents(caller),
        )
        found |= {document.id: document for document in session.exec(statement)}
    return [found[document_id] for document_id in sorted(found)]


def _receipts(keys: list[str]) -> Iterator[ColumnElement[bool]]:
    for start in range(0, len(keys), PORTION):
        yield col(Document.deduplicate).in_(keys[start : start + PORTION])


def certificates_in(session: Session, caller: Caller, donation: Donation) -> list[Attested]:
    """Every certificate of the donation's devices that the caller may see, revoked ones too, oldest first."""
    statement = (
        sqlalchemy.select(
            col(Certificate.id),
            col(Certificate.number),
            col(Certificate.status),
            col(Certificate.device_id),
            col(Certificate.sha256),
            col(Certificate.issued_at),
            col(Document.sha256),
            col(Document.size),
        )
        .join(Document, col(Document.id) == col(Certificate.document_id), isouter=True)
        .where(
            col(Certificate.device_id).in_(their_chains(caller, donation.id)),
            visible_certificates(caller),
            col(Certificate.erased_at).is_(None),
        )
        .order_by(col(Certificate.id))
    )
    return [Attested(*row) for row in session.connection().execute(statement)]


@dataclass(frozen=True, slots=True)
class Seen:
    """All that goes into a pack but the rows of the devices and the lines of the history."""

    chains: list[Head]
    documents: list[Document]
    certificates: list[Attested]

    @property
    def chains_as_listed(self) -> list[dict[str, Any]]:
        """The heads of the chains as the index lists them."""
        return [asdict(head) for head in self.chains]

    def in_portions(self) -> Iterator[tuple[str, list[UUID]]]:
        """The things that have a chain, in the order of the chains, so many as are read at once."""
        for thing, heads in groupby(self.chains, key=lambda head: head.thing):
            ids = [UUID(head.thing_id) for head in heads]
            for start in range(0, len(ids), PORTION):
                yield thing, ids[start : start + PORTION]

    @property
    def latest(self) -> datetime:
        """When the newest document was issued; the beginning of time where there is none."""
        issued = [one.issued_at for one in self.certificates] + [one.created_at for one in self.documents]
        return max(issued, default=datetime.min.replace(tzinfo=UTC))


def state_of(caller: Caller, donation: Donation, seen: Seen, *, seal: str) -> str:
    """One text for one state of what the caller sees, signed with one key for one address: the same gives one pack."""
    what = {
        "schema": SCHEMA,
        "seal": seal,
        "sight": [caller.organisation_id, sorted(caller.activities), caller.sees_all],
        "donation_id": donation.id,
        "chains": [head.hash for head in seen.chains],
        "documents": [document.id for document in seen.documents],
        "certificates": [[one.id, one.status, one.sha256] for one in seen.certificates],
    }
    return f"{PACK}:{donation.id}:{sha256_hex(canonical_json(what))}"


def seen_by(session: Session, caller: Caller, donation: Donation) -> Seen:
    """What the caller may see of the donation, in five questions."""
    return Seen(
        chains_of(session, caller, donation),
        documents_in(session, caller, donation),
        certificates_in(session, caller, donation),
    )


def pack_for(session: Session, state: str) -> Document | None:
    """The pack that was made of this state."""
    return session.exec(select(Document).where(Document.deduplicate == state)).first()


def device_portions(session: Session, caller: Caller, donation: Donation) -> Iterator[list[Device]]:
    """The donation's devices in the order of their ids, some hundred at a time; the session forgets them after."""
    last = UUID(int=0)
    while True:
        statement = select(Device).where(its_devices(caller, donation.id), col(Device.id) > last)
        devices = list(session.exec(statement.order_by(col(Device.id)).limit(PORTION)))
        if not devices:
            return
        yield devices
        last = devices[-1].id
        session.expunge_all()


_COLUMNS = [col(getattr(HistoryRecord, name)) for name in HistoryRecord.model_fields]


def records_of(session: Session, thing: str, ids: list[UUID]) -> Iterator[dict[str, Any]]:
    """The records of these things, chain by chain in the order of the ids, each as a dictionary of its columns."""
    statement = (
        sqlalchemy.select(*_COLUMNS)
        .where(col(HistoryRecord.thing) == thing, col(HistoryRecord.thing_id).in_(ids))
        .order_by(col(HistoryRecord.thing_id), col(HistoryRecord.seq))
        .execution_options(yield_per=PORTION)
    )
    for row in session.connection().execute(statement).mappings():
        yield dict(row)  # pyright: ignore[reportUnknownArgumentType]  # names and values of columns
