"""Each device's way from declared to its end: a fixed number of questions, however many devices."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlmodel import Session, col, select

from reuse.cursors import Cut, cut_page
from reuse.devices.models import Code, Device, MilestoneRow
from reuse.devices.queries import codes_of, merged_ids
from reuse.devices.rules import Milestone, Status
from reuse.documents.models import Document
from reuse.documents.queries import visible_documents
from reuse.handovers.models import Handover, HandoverLine
from reuse.history.models import HistoryRecord
from reuse.passport.queries.following import its_devices
from reuse.passport.rules import Event, Station, stations_of
from reuse.people.rules import Caller
from reuse.wiping.models import Certificate
from reuse.wiping.queries.certificates import visible_certificates

CERTIFICATE = "erasure_certificate"
BEFORE = frozenset({Status.declared, Status.collected})
"""What a listed device has behind it when it turns out to be one that stands there already."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A certificate or another document of one device; `status` is that of a certificate."""

    id: UUID
    kind: str
    number: str | None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who has the device now, as far as a donor may know: of what kind, and the commune (INSEE) where one was said."""

    kind: str
    commune_insee: str | None
    network_id: UUID
    handover_id: UUID


@dataclass(frozen=True, slots=True)
class Way:
    """Where a device has been, where it is, and what attests it."""

    device: Device
    codes: list[Code]
    stations: dict[str, Station]
    sanitized: MilestoneRow | None
    recipient: Recipient | None
    certificates: list[Proof]
    documents: list[Proof]

    def reached(self, status: Status) -> datetime | None:
        """When the device came to this status; None where it never did."""
        station = self.stations.get(status)
        return station.at if station else None

    @property
    def waste(self) -> dict[str, Any]:
        """What was noted of it as waste: grams, code, destination, treatment, slip; empty where it is none."""
        station = self.stations.get(Status.recycled)
        return (station.data.get("waste") or {}) if station else {}


def ways_page(session: Session, caller: Caller, donation_id: UUID, *, limit: int, cursor: str | None) -> Cut[Way]:
    """A page of the donation's devices, in the order of their making, each with its way."""
    statement = select(Device).where(its_devices(caller, donation_id))
    cut = cut_page(session, statement, col(Device.id), limit=limit, cursor=cursor)
    return Cut(ways_of(session, caller, cut.rows), cut.next_cursor)


def ways_of(session: Session, caller: Caller, devices: Sequence[Device]) -> list[Way]:
    """The ways of these devices, in seven questions; what was listed and later merged into one began its way."""
    ids = [device.id for device in devices]
    codes, stations, sanitized = codes_of(session, ids), _moves(session, ids), _sanitized(session, ids)
    recipients, proofs = _recipients(session, ids), _certificates(session, caller, ids)
    documents = _documents(session, caller, ids)
    return [
        Way(
            device=device,
            codes=codes[device.id],
            stations=stations_of(stations[device.id]),
            sanitized=sanitized.get(device.id),
            recipient=recipients.get(device.id) if device.status == Status.handed_over else None,
            certificates=proofs[device.id],
            documents=documents[device.id],
        )
        for device in devices
    ]


def _moves(session: Session, ids: Sequence[UUID]) -> defaultdict[UUID, list[Event]]:
    """The moves of each device as recorded, oldest first; columns instead of objects, for they are many.

    Of a listed device that was merged into it (its list came later), how it was declared and collected: what became of
    it is told by the device that stands there.
    """
    of = {merged: into for into, some in merged_ids(session, ids).items() for merged in some}
    moves = (
        sqlalchemy.select(
            col(HistoryRecord.thing_id),
            col(HistoryRecord.verb),
            col(HistoryRecord.from_state),
            col(HistoryRecord.to_state),
            col(HistoryRecord.at),
            col(HistoryRecord.organisation_id),
            col(HistoryRecord.person),
            col(HistoryRecord.data),
        )
        .where(
            col(HistoryRecord.thing) == "device",
            col(HistoryRecord.thing_id).in_([*ids, *of]),
            col(HistoryRecord.to_state).is_not(None),
        )
        .order_by(col(HistoryRecord.recorded_at), col(HistoryRecord.id))
    )
    found: defaultdict[UUID, list[Event]] = defaultdict(list)
    for device_id, verb, present, to, at, organisation_id, person, data in session.connection().execute(moves):
        if device_id not in of or to in BEFORE:
            found[of.get(device_id, device_id)].append(Event(verb, present, to, at, organisation_id, person, data))
    return found


def _sanitized(session: Session, ids: Sequence[UUID]) -> dict[UUID, MilestoneRow]:
    statement = select(MilestoneRow).where(
        col(MilestoneRow.device_id).in_(ids), MilestoneRow.name == Milestone.sanitized
    )
    return {row.device_id: row for row in session.exec(statement)}


def _recipients(session: Session, ids: Sequence[UUID]) -> dict[UUID, Recipient]:
    """Of each device the last hand-over; a beneficiary's pseudonym, age and prescriber are not even read."""
    statement = (
        sqlalchemy.select(
            col(HandoverLine.device_id),
            col(Handover.id),
            col(Handover.network_id),
            col(Handover.beneficiary_commune_insee),
            col(Handover.kind),
        )
        .join(Handover, col(Handover.id) == col(HandoverLine.handover_id))
        .where(col(HandoverLine.device_id).in_(ids))
        .order_by(col(HandoverLine.id))
    )
    found: dict[UUID, Recipient] = {}
    for device_id, handover_id, network_id, commune, taker in session.connection().execute(statement):
        kind = "beneficiary" if taker == "person" else "network"
        found[device_id] = Recipient(kind, commune, network_id, handover_id)
    return found


def _certificates(session: Session, caller: Caller, ids: Sequence[UUID]) -> defaultdict[UUID, list[Proof]]:
    statement = (
        select(Certificate.device_id, Certificate.id, Certificate.number, Certificate.status)
        .where(col(Certificate.device_id).in_(ids), visible_certificates(caller))
        .order_by(col(Certificate.id))
    )
    found: defaultdict[UUID, list[Proof]] = defaultdict(list)
    for device_id, certificate_id, number, status in session.exec(statement):
        found[device_id].append(Proof(certificate_id, CERTIFICATE, number, status))
    return found


def _documents(session: Session, caller: Caller, ids: Sequence[UUID]) -> defaultdict[UUID, list[Proof]]:
    statement = (
        select(Document.device_id, Document.id, Document.kind, Document.number)
        .where(col(Document.device_id).in_(ids), Document.kind != CERTIFICATE, visible_documents(caller))
        .order_by(col(Document.id))
    )
    found: defaultdict[UUID, list[Proof]] = defaultdict(list)
    for device_id, document_id, kind, number in session.exec(statement):
        if device_id is not None:
            found[device_id].append(Proof(document_id, kind, number))
    return found
