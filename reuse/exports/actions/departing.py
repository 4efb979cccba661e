from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from reuse import clock
from reuse.canonical import as_json, canonical_json, sha256_hex
from reuse.devices.actions.changes import Change, change_devices
from reuse.errors import Conflict, Fault
from reuse.exports.actions.judging import load_facts
from reuse.exports.actions.moving import check_open, check_version, move_export
from reuse.exports.actions.papers import order_papers
from reuse.exports.actions.records import frozen, records_of
from reuse.exports.models import Export, ExportLine
from reuse.exports.queries import lines_of, locked_export
from reuse.exports.rules import ExportStatus, ItemRecord, LoadFacts, missing_of_item, missing_of_load, points
from reuse.people.rules import Caller, Role, require_person, require_role
from reuse.reservations.queries import locked_devices


def depart(
    session: Session,
    caller: Caller,
    export_id: UUID,
    *,
    secret: bytes,
    at: datetime | None = None,
    version: int | None = None,
) -> Export:
    """Let a load leave: its file is complete, or it stays here.

    Each device's record is judged again now, frozen and hashed; the file is printed as PDF and as CSV. Conflict
    `record_incomplete` with every missing word, and in `errors` which device lacks which, each with its place in
    Annex VI.
    """
    require_role(caller, Role.lead)
    require_person(caller)
    export = locked_export(session, caller, export_id)
    check_version(export, version)
    check_open(export)
    lines = lines_of(session, [export.id])[export.id]
    devices = {device.id: device for device in locked_devices(session, [line.device_id for line in lines])}
    records = records_of(session, lines, devices, secret)
    _check_complete(load_facts(export), lines, records)
    hashes = _freeze(session, lines, records)
    what: dict[str, Any] = {"export_id": export.id, "number": export.number, "destination": export.destination_country}
    changes = [
        Change(device, "export_departed", data={**what, "sha256": hashes[one]}) for one, device in devices.items()
    ]
    change_devices(session, caller.actor, changes)
    now = clock.now()
    move_export(
        session,
        caller,
        export,
        ExportStatus.departed,
        data={**what, "records": {str(one): digest for one, digest in hashes.items()}},
        left_at=now,
        departed_at=at or now,
    )
    export.file_job_id, export.table_job_id = order_papers(session, caller.actor, export, lines, records)
    session.add(export)
    session.flush()
    return export


def _check_complete(load: LoadFacts, lines: Sequence[ExportLine], records: Mapping[UUID, ItemRecord]) -> None:
    titles = {point["word"]: f"{point['en']} (Annex VI, {point['point']})" for point in points()}
    of_load = missing_of_load(load)
    faults = [Fault(f"/{word}", word, f"The load lacks: {titles[word]}.") for word in of_load]
    words = dict.fromkeys(of_load)
    for line in lines:
        record = records[line.device_id]
        for word in missing_of_item(record):
            words[word] = None
            why = f" ({', '.join(record.not_functional)})" if word == "function_tests" and record.not_functional else ""
            sentence = f"The device {line.device_id} lacks: {titles.get(word, word)}{why}."
            faults.append(Fault(f"/devices/{line.device_id}", word, sentence))
    if words:
        raise Conflict(
            f"This load stays here until its file is complete; missing: {', '.join(words)}. Without that proof it is "
            "presumed waste (2012/19/EU, Annex VI).",
            code="record_incomplete",
            errors=tuple(faults),
            missing=tuple(words),
        )


def _freeze(session: Session, lines: Sequence[ExportLine], records: Mapping[UUID, ItemRecord]) -> dict[UUID, str]:
    """Keep each record as it is now, under the hash of its canonical JSON."""
    hashes: dict[UUID, str] = {}
    for line in lines:
        line.record = as_json(frozen(records[line.device_id]))
        line.sha256 = hashes[line.device_id] = sha256_hex(canonical_json(line.record))
        session.add(line)
    session.flush()
    return hashes
