from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from reuse.devices.models import Code, Device, Medium
from reuse.devices.rules import categories, is_label_code, normal_code
from reuse.documents.models import Document
from reuse.errors import Fault, Invalid, NotFound
from reuse.people.queries import has_activity, known_organisation
from reuse.people.rules import Activity, Caller
from reuse.workshop.captures.shape import Identity
from reuse.workshop.models import Capture, CheckPhoto, CheckRow, Installation, OwnTemplate, Part, WorkSession
from reuse.workshop.rules import TestTemplate, load_test_templates, shipped_template, template_of
from reuse.workshop.rules.matching import Told

MOST_TOLD = 20
"""So many devices are suggested for one capture; more tell a person nothing."""
FUNCTION = "function"
UNLOCK = "unlock"


def media_of_capture(session: Session, capture: Capture) -> list[Medium]:
    """The media that a capture found, in its order, wherever they are now."""
    ids = [UUID(medium_id) for medium_id in capture.medium_ids]
    found = {medium.id: medium for medium in session.exec(select(Medium).where(col(Medium.id).in_(ids)))}
    return [found[medium_id] for medium_id in ids]


def visible_captures(caller: Caller) -> ColumnElement[bool]:
    """Captures are their workshop's own affair."""
    return col(Capture.organisation_id) == caller.organisation_id


def devices_told_by(
    session: Session, caller: Caller, who: Identity, *, media: Sequence[str] = ()
) -> list[Told[Device]]:
    """Devices of the caller's workshop that the capture's serial, asset tag, label or media name; at most twenty."""
    by: dict[UUID, set[str]] = {}
    devices: dict[UUID, Device] = {}
    for value, kinds in ((who.serial, ("serial",)), (who.asset_tag, ("asset_tag", "label"))):
        normal = normal_code(value) if value else ""
        if not normal:
            continue
        wanted = ("label",) if is_label_code(normal) else kinds
        statement = (
            select(Device, Code.kind)
            .join(Code, col(Code.device_id) == col(Device.id))
            .where(
                Code.normal == normal,
                col(Code.kind).in_(wanted),
                col(Device.workshop_id) == caller.organisation_id,
                col(Device.merged_into_id).is_(None),
            )
            .order_by(col(Device.id))
            .limit(MOST_TOLD)
        )
        for device, kind in session.exec(statement):
            devices[device.id] = device
            by.setdefault(device.id, set()).add(kind)
    for device in _with_media(session, caller, media):
        devices.setdefault(device.id, device)
        by.setdefault(device.id, set()).add("medium")
    return [Told(devices[device_id], frozenset(names)) for device_id, names in list(by.items())[:MOST_TOLD]]


def _with_media(session: Session, caller: Caller, serials: Sequence[str]) -> list[Device]:
    keys = [key for serial in serials[:MOST_TOLD] if (key := normal_code(serial))]
    if not keys:
        return []
    statement = (
        select(Device)
        .join(Medium, col(Medium.device_id) == col(Device.id))
        .where(col(Medium.normal_serial).in_(keys), col(Device.workshop_id) == caller.organisation_id)
        .order_by(col(Device.id))
        .limit(MOST_TOLD)
    )
    return list(session.exec(statement))


def own_template(row: OwnTemplate) -> TestTemplate:
    """A row as the rules read it."""
    content = {"category": row.category, "version": row.version, "checks": row.checks}
    return template_of(content, scope=row.scope, template_id=row.id)


def own_templates(session: Session, owner_ids: Collection[UUID], category: str | None = None) -> list[OwnTemplate]:
    """Every version of these owners' templates, oldest first."""
    statement = select(OwnTemplate).where(col(OwnTemplate.owner_id).in_(owner_ids))
    if category is not None:
        statement = statement.where(OwnTemplate.category == category)
    return list(session.exec(statement.order_by(col(OwnTemplate.version), col(OwnTemplate.id))))


def templates_in_force(
    session: Session, territory_id: UUID, workshop_id: UUID | None, category: str | None = None
) -> dict[str, TestTemplate]:
    """By category, the template to test with now: the workshop's newest, else the territory's, else the shipped one."""
    found = {name: one for name, one in load_test_templates().items() if category in {None, name}}
    owners = [territory_id, *([workshop_id] if workshop_id else [])]
    rows = own_templates(session, owners, category)
    for row in [*(r for r in rows if r.owner_id == territory_id), *(r for r in rows if r.owner_id == workshop_id)]:
        found[row.category] = own_template(row)
    return {name: found[name] for name in categories() if name in found}


def standing_checks(session: Session, device_id: UUID, kind: str) -> list[CheckRow]:
    """The checks that still stand, oldest first."""
    return standing_checks_of(session, [device_id], kind)[device_id]


def standing_checks_of(session: Session, device_ids: Collection[UUID], kind: str) -> dict[UUID, list[CheckRow]]:
    """By device, the checks that still stand, oldest first."""
    found: dict[UUID, list[CheckRow]] = {device_id: [] for device_id in device_ids}
    statement = select(CheckRow).where(
        col(CheckRow.device_id).in_(device_ids), CheckRow.kind == kind, ~col(CheckRow.voided)
    )
    for row in session.exec(statement.order_by(col(CheckRow.id))):
        found[row.device_id].append(row)
    return found


def template_for(session: Session, device: Device, standing: Sequence[CheckRow] | None = None) -> TestTemplate:
    """The template that a device is tested with: that of the tests which stand, else the one in force for it.

    `standing` are its function checks that stand, where they are known already.
    """
    rows = standing_checks(session, device.id, FUNCTION) if standing is None else standing
    begun = next(iter(rows), None)
    kept = None
    if begun is not None and begun.template_id is not None:
        kept = own_template(session.get_one(OwnTemplate, begun.template_id))
    elif begun is not None and begun.template_version is not None:
        kept = shipped_template(device.category, begun.template_version)
    if kept is not None and kept.category == device.category:  # a category that was corrected asks for other checks
        return kept
    return templates_in_force(session, device.territory_id, device.workshop_id, device.category)[device.category]


def workshop_check(session: Session, organisation_id: UUID, check_id: UUID) -> CheckRow:
    """A check that was made on a device of the workshop; NotFound otherwise."""
    statement = (
        select(CheckRow)
        .join(Device, col(Device.id) == col(CheckRow.device_id))
        .where(CheckRow.id == check_id, Device.workshop_id == organisation_id)
    )
    found = session.exec(statement).first()
    if found is None:
        raise NotFound(f"There is no check {check_id} in your workshop.")
    return found


def photos_of(session: Session, check_ids: Collection[UUID]) -> dict[UUID, list[Document]]:
    """The pictures of each check, oldest first."""
    found: dict[UUID, list[Document]] = {check_id: [] for check_id in check_ids}
    statement = (
        select(CheckPhoto.check_id, Document)
        .join(Document, col(Document.id) == col(CheckPhoto.document_id))
        .where(col(CheckPhoto.check_id).in_(check_ids))
        .order_by(col(Document.id))
    )
    for check_id, document in session.exec(statement):
        found[check_id].append(document)
    return found


def workshop_part(session: Session, organisation_id: UUID, part_id: UUID) -> Part:
    """A part of the workshop's stock, wherever it is by now; NotFound otherwise."""
    found = session.exec(select(Part).where(Part.id == part_id, Part.organisation_id == organisation_id)).first()
    if found is None:
        raise NotFound(f"There is no part {part_id} in your workshop.")
    return found


def installations_of(session: Session, device_id: UUID) -> list[Installation]:
    """The systems put on a device, oldest first; the last one is on it."""
    rows = select(Installation).where(Installation.device_id == device_id).order_by(col(Installation.id))
    return list(session.exec(rows))


def overseen_workshop(session: Session, caller: Caller, workshop_id: UUID | None) -> UUID:
    """The workshop that a caller may ask sums of: its own, or one of its territory; NotFound otherwise."""
    own = caller.organisation_id
    if workshop_id is None or workshop_id == own:
        if Activity.workshop not in caller.activities:
            sentence = "Say which workshop: add ?workshop_id=."
            raise Invalid(sentence, code="invalid", errors=(Fault("/workshop_id", "required", sentence),))
        return own
    oversees = caller.sees_all or Activity.territory in caller.activities
    if not oversees or not has_activity(session, workshop_id, Activity.workshop):
        raise NotFound(f"There is no workshop {workshop_id} that you oversee.")
    return known_organisation(session, caller, workshop_id).id


def work_totals(
    session: Session, workshop_id: UUID, *, start: datetime | None, end: datetime | None
) -> list[tuple[str, int, int, int]]:
    """By operation: minutes, entries and devices, the longest work first; of persons nothing is told."""
    minutes = func.sum(col(WorkSession.minutes))
    statement = (
        select(WorkSession.activity, minutes, func.count(), func.count(func.distinct(col(WorkSession.device_id))))
        .where(WorkSession.organisation_id == workshop_id)
        .group_by(col(WorkSession.activity))
        .order_by(minutes.desc(), col(WorkSession.activity))
    )
    if start is not None:
        statement = statement.where(col(WorkSession.at) >= start)
    if end is not None:
        statement = statement.where(col(WorkSession.at) < end)
    return [(name, int(total), count, devices) for name, total, count, devices in session.exec(statement)]
