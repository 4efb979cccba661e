"""The Annex VI record of each device, put together from what is proved of it now."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from reuse.catalogue.queries import closed_gates
from reuse.devices.models import Device
from reuse.devices.queries import code_of_each_kind, gate_facts
from reuse.devices.rules import MediaPolicy, Milestone, pseudonym
from reuse.exports.models import ExportLine
from reuse.exports.rules import Finding, ItemRecord, not_functional
from reuse.people.models import Organisation, Territory
from reuse.wiping.models import Certificate, Sanitization
from reuse.workshop.models import CheckRow
from reuse.workshop.queries import FUNCTION, standing_checks_of, template_for
from reuse.workshop.rules import CheckOutcome, CheckResult, TestTemplate, load_test_templates


def records_of(
    session: Session, lines: Sequence[ExportLine], devices: Mapping[UUID, Device], secret: bytes
) -> dict[UUID, ItemRecord]:
    """By device, its record as it is now; `secret` makes the pseudonyms under which testers appear abroad."""
    ids = list(devices)
    codes, certificates = code_of_each_kind(session, ids), _certificates(session, ids)
    facts, closed = gate_facts(session, list(devices.values())), closed_gates(session, list(devices.values()))
    checks = standing_checks_of(session, ids, FUNCTION)
    found: dict[UUID, ItemRecord] = {}
    for line in lines:
        device = devices[line.device_id]
        kinds, gate = codes[device.id], facts[device.id]
        hazards = line.hazards or {}
        found[device.id] = ItemRecord(
            category=device.category,
            manufacturer=device.manufacturer or "",
            model=device.model or "",
            serial=device.serial or kinds.get("imei", ""),
            year=device.year,
            code=kinds.get("label", ""),
            hazards=tuple(hazards["found"]) if line.hazards is not None else None,
            hazards_by=_named(session, device.workshop_id, hazards.get("by"), secret),
            hazards_on=date.fromisoformat(hazards["on"]) if "on" in hazards else None,
            certificates=tuple(certificates.get(device.id, ())),
            sanitized=gate.media is MediaPolicy.never or Milestone.sanitized in gate.milestones,
            status=device.status,
            gates=closed.get(device.id, ()),
            **_tests(session, device, checks[device.id], secret),
        )
    return found


def _tests(session: Session, device: Device, rows: Sequence[CheckRow], secret: bytes) -> dict[str, Any]:
    """What the function tests that stand say: every check of the template with its last outcome."""
    template = template_for(session, device, rows)
    shipped = load_test_templates().get(device.category)
    outcomes = [CheckResult(row.name, CheckOutcome(row.outcome), row.note, row.value, row.by_lead) for row in rows]
    latest = {row.name: row for row in rows}
    if not latest:
        return {"not_functional": not_functional([template], ())}
    zone = ZoneInfo(session.get_one(Territory, device.territory_id).timezone)
    name = template.category if template.id is None else f"{template.category} ({template.scope})"
    return {
        "test_kind": f"{name} {template.version}",
        "tested_on": _day(max(row.created_at for row in latest.values()), zone),
        "tester": _testers(session, list(latest.values()), secret),
        "tests": _lines(template, latest),
        "not_functional": not_functional([one for one in (template, shipped) if one is not None], outcomes),
    }


def _lines(template: TestTemplate, latest: Mapping[str, CheckRow]) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for check in template.checks:
        row = latest.get(check.code)
        if row is None:
            continue
        value = row.value or ""
        if value and check.unit and not value.endswith(check.unit):
            value = f"{value} {check.unit}"
        found.append(Finding(check.title_fr, check.title_en, row.outcome, value))
    return tuple(found)


def _testers(session: Session, rows: Sequence[CheckRow], secret: bytes) -> str:
    """Whose word the outcomes are: the organisation by its name, its people by the pseudonyms that others see."""
    people: dict[UUID, dict[str, None]] = {}
    for row in rows:
        named = people.setdefault(row.organisation_id, {})
        if row.person is not None:
            named[pseudonym(secret, row.organisation_id, row.person)] = None
    names = {one: session.get_one(Organisation, one).name for one in people}
    return "; ".join(", ".join([names[one], *sorted(named)]) for one, named in people.items())


def _named(session: Session, organisation_id: UUID | None, person: str | None, secret: bytes) -> str:
    if organisation_id is None or person is None:
        return ""
    return f"{session.get_one(Organisation, organisation_id).name}, {pseudonym(secret, organisation_id, person)}"


def _certificates(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The numbers of the certificates that rest on each device's live acceptance."""
    statement = (
        select(Certificate.device_id, Certificate.number)
        .join(Sanitization, col(Sanitization.id) == col(Certificate.sanitization_id))
        .where(col(Certificate.device_id).in_(ids), col(Sanitization.live), col(Certificate.revoked_at).is_(None))
        .order_by(col(Certificate.number))
    )
    found: dict[UUID, list[str]] = {}
    for device_id, number in session.exec(statement):
        found.setdefault(device_id, []).append(number)
    return found


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def frozen(record: ItemRecord) -> dict[str, Any]:
    """A record as it is kept: what was proved, without what the gates asked on the way."""
    return {name: value for name, value in asdict(record).items() if name not in {"gates", "not_functional"}}
