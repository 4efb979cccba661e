from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from reuse import clock
from reuse.canonical import sha256_hex
from reuse.db import Database
from reuse.devices.queries import workshop_device
from reuse.devices.rules import Status
from reuse.errors import Conflict, Fault, Invalid, NotFound
from reuse.files import Files
from reuse.jobs.actions import enqueue
from reuse.people.queries import territory_of
from reuse.people.rules import Caller, Role, require_role
from reuse.transactions import reading
from reuse.wiping.actions.clocks import clocks_of
from reuse.wiping.actions.matching import Where, match_items, serial_key
from reuse.wiping.evidence.folder import is_folder
from reuse.wiping.evidence.read import read_evidence
from reuse.wiping.evidence.shape import Evidence
from reuse.wiping.evidence.times import Clock
from reuse.wiping.models import ErasureReport, ReportItem
from reuse.wiping.queries.reports import AT_THE_BENCH, items_of, report_with_bytes, workshop_medium

LONGEST_NAME = 200
WHO_UPLOADS = (Role.technician, Role.data_security, Role.uploader)


@dataclass(frozen=True, slots=True)
class Kept:
    """The report, and whether these bytes came for the first time."""

    report: ErasureReport
    is_new: bool


def read_report(database: Database, caller: Caller, content: bytes, *, timezone: str | None) -> Evidence | None:
    """What the bytes say, read before any transaction; None where the organisation has sent them before.

    `timezone` (IANA) is that of the station, by default the territory's. What cannot be read raises Invalid, TooLarge
    or UnknownFormat.
    """
    require_role(caller, *WHO_UPLOADS)
    with reading(database) as session:
        known = report_with_bytes(session, caller.organisation_id, sha256_hex(content))
        zone = timezone or territory_of(session, caller.organisation_id).timezone
    return None if known else read_evidence(content, timezone=zone)


def keep_report(
    session: Session,
    caller: Caller,
    files: Files,
    evidence: Evidence | None,
    *,
    content: bytes,
    file_name: str | None,
    where: Where,
) -> Kept:
    """Keep a report that was read, with its bytes, and match it to media of the caller's workshop.

    The same bytes again in one organisation are the first report, whose waiting items are then looked at again.
    """
    require_role(caller, *WHO_UPLOADS)
    known = report_with_bytes(session, caller.organisation_id, sha256_hex(content))
    where = check_where(session, caller, where)
    if evidence is not None and known is None:
        clocks = clocks_of(session, caller.organisation_id, evidence)
        report = _row(caller, evidence, content, file_name, where)
        files.put(content)
        if _insert(session, report):
            session.add_all(items := _items(report, evidence, clocks))
            _match_and_look_again(session, caller, report, items, where)
            return Kept(report, is_new=True)
        known = report_with_bytes(session, caller.organisation_id, report.sha256)
    if known is None:  # pragma: no cover  # the unique key has just refused a second one
        raise AssertionError("the first report of these bytes is gone")
    waiting = [item for item in items_of(session, [known.id])[known.id] if item.medium_id is None]
    match_items(session, known, waiting, where)
    return Kept(known, is_new=False)


def _match_and_look_again(
    session: Session, caller: Caller, report: ErasureReport, items: list[ReportItem], where: Where
) -> None:
    """Match now; where a serial finds nothing, look once more after the commit.

    A medium that another transaction is entering at this moment is not seen here, nor does its search see this report.
    """
    match_items(session, report, items, where)
    if any(item.medium_id is None and item.normal_serial for item in items):
        enqueue(session, "wiping.match", actor=caller.actor, payload={"report_id": str(report.id)})


def check_where(session: Session, caller: Caller, where: Where) -> Where:
    """The limits, if they name things in the caller's workshop that are at the bench."""
    device_id = where.device_id
    if where.medium_id is not None:
        try:
            medium, _ = workshop_medium(session, caller.organisation_id, where.medium_id)
        except NotFound as unknown:
            raise _bad("/medium_id", unknown.detail) from unknown
        if device_id not in {None, medium.device_id}:
            raise _bad("/medium_id", "This medium belongs to another device than the one named.")
        device_id = medium.device_id
    if device_id is None:
        return where
    try:
        device = workshop_device(session, caller, device_id)
    except NotFound as unknown:
        raise _bad("/device_id", unknown.detail) from unknown
    if Status(device.status) not in AT_THE_BENCH:
        raise Conflict(
            f"This device is {device.status}; erasure reports are taken while it is received or in the workshop.",
            code="not_at_the_bench",
        )
    return Where(device_id, where.medium_id)


def _bad(pointer: str, sentence: str) -> Invalid:
    return Invalid(sentence, code="unknown_reference", errors=(Fault(pointer, "not_found", sentence),))


def _row(caller: Caller, evidence: Evidence, content: bytes, file_name: str | None, where: Where) -> ErasureReport:
    name = "".join(sign for sign in (file_name or "").replace("\\", "/").rsplit("/", 1)[-1] if sign.isprintable())
    return ErasureReport(
        id=clock.new_id(),
        organisation_id=caller.organisation_id,
        sha256=sha256_hex(content),
        size=len(content),
        format=evidence.format,
        media_type=_media_type(content),
        file_name=name[-LONGEST_NAME:] or None,
        system_serial=evidence.system_serial,
        timezone=evidence.timezone,
        timezone_assumed=evidence.timezone_assumed,
        warnings=list(evidence.warnings),
        person=caller.person,
        only_device_id=where.device_id,
        only_medium_id=where.medium_id,
        received_at=clock.now(),
    )


def _media_type(content: bytes) -> str:
    """The type under which a certificate carries the evidence, by its first sign; no parser depends on it."""
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if is_folder(content):
        return "application/zip"
    return {b"{": "application/json", b"<": "application/xml"}.get(start, "text/plain")  # nwipe's logs begin with [


def _insert(session: Session, report: ErasureReport) -> bool:
    """Enter the report unless the same bytes came at the same moment; then that one is the report."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(ErasureReport).values(report.model_dump()).on_conflict_do_nothing()
    return session.connection().execute(insert.returning(col(ErasureReport.id))).first() is not None


def _items(report: ErasureReport, evidence: Evidence, clocks: Sequence[Clock]) -> list[ReportItem]:
    return [
        ReportItem(
            id=clock.new_id(),
            report_id=report.id,
            organisation_id=report.organisation_id,
            index=item.index,
            serial=item.serial,
            normal_serial=serial_key(item.serial),
            manufacturer=item.manufacturer,
            model=item.model,
            size_bytes=item.size_bytes,
            kind=item.kind,
            verdict=item.verdict,
            method=item.method,
            technique=item.technique,
            tool=item.tool,
            tool_version=item.tool_version,
            verification=item.verification,
            rounds=item.rounds,
            started_at=item.started_at,
            ended_at=item.ended_at,
            reasons=list(item.reasons),
            clock_reasons=list(clock_of.reasons),
            earliest_end_at=clock_of.earliest,
        )
        for item, clock_of in zip(evidence.items, clocks, strict=True)
    ]
