from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from reuse.canonical import as_json
from reuse.devices.models import Device
from reuse.exports.actions.records import frozen, records_of
from reuse.exports.models import Export
from reuse.exports.queries import counting, lines_of
from reuse.exports.rules import ExportStatus, LoadFacts, missing_of_item, missing_of_load


@dataclass(frozen=True, slots=True)
class Item:
    """A device's record with what it lacks, and whether, once departed, it still opens the way."""

    device_id: UUID
    missing: list[str]
    record: dict[str, Any]
    sha256: str | None
    counts: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a load lacks as a whole, and device by device."""

    missing: list[str]
    items: list[Item]


def load_facts(export: Export) -> LoadFacts:
    """What is known of the load as a whole."""
    return LoadFacts(
        workshop_address=export.workshop_address,
        consignee_name=export.consignee_name,
        consignee_address=export.consignee_address,
        contract=export.contract,
        declaration=export.declaration,
        packing=export.packing,
        transport=export.transport,
    )


def judged(session: Session, export: Export, secret: bytes) -> Judgement:
    """The load as it stands: a departed one as it was frozen, any other as it is now."""
    lines = lines_of(session, [export.id])[export.id]
    ids = [line.device_id for line in lines]
    if export.status == ExportStatus.departed:
        valid = {one for one, by in counting(session, ids).items() if by.id == export.id}
        items = [Item(one.device_id, [], one.record or {}, one.sha256, one.device_id in valid) for one in lines]
        return Judgement([], items)
    devices = {one.id: one for one in session.exec(select(Device).where(col(Device.id).in_(ids)))}
    records = records_of(session, lines, devices, secret)
    items = [
        Item(one, list(missing_of_item(record)), as_json(frozen(record)), None, counts=False)
        for one, record in records.items()
    ]
    return Judgement(list(missing_of_load(load_facts(export))), items)
