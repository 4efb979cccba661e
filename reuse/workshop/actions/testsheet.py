"""The test sheet of a device as it is frozen when it is ordered (series FT of the workshop)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from labels.values import CheckLine, Imprint, Item, RepairLine, TestSheet
from reuse.devices.models import Device
from reuse.devices.queries import codes_of
from reuse.documents.actions import Readers, order_document
from reuse.donations.actions.papers import new_imprint
from reuse.jobs.models import Job
from reuse.people.models import Territory
from reuse.people.rules import Caller
from reuse.workshop.actions.checking import FUNCTION, UNLOCK, standing
from reuse.workshop.models import CheckRow, Repair
from reuse.workshop.queries import installations_of, photos_of, standing_checks, template_for
from reuse.workshop.rules import Check, forbidden_words, load_defects, load_unlock_checks, tested

TEST_SHEET = "test_sheet"


def order_test_sheet(session: Session, caller: Caller, device: Device) -> Job:
    """Have the sheet printed for the workshop and its territory; asked again before anything changes, it is the same.

    It names no person: it goes with the device to whoever takes it home.
    """
    key = f"{TEST_SHEET}:{device.id}:{device.version}"
    known = session.exec(select(Job).where(Job.deduplicate == key)).first()
    if known is not None:
        return known
    imprint = new_imprint(session, caller.organisation_id, device.territory_id, "FT")
    return order_document(
        session,
        caller.actor,
        kind=TEST_SHEET,
        value=_sheet(session, device, imprint),
        number=imprint.number,
        organisation_id=caller.organisation_id,
        readers=Readers(territory_id=device.territory_id, device_id=device.id),
        deduplicate=key,
    )


def _sheet(session: Session, device: Device, imprint: Imprint) -> TestSheet:
    zone = ZoneInfo(session.get_one(Territory, device.territory_id).timezone)
    template = template_for(session, device)
    live = {code.kind: code.value for code in codes_of(session, [device.id])[device.id] if code.live}
    function, unlock = (standing_checks(session, device.id, kind) for kind in (FUNCTION, UNLOCK))
    photos = {check_id: len(found) for check_id, found in photos_of(session, [row.id for row in function]).items()}
    english = imprint.language == "en"
    return TestSheet(
        imprint=imprint,
        device=Item(
            code=live.get("label", ""),
            category=device.category,
            manufacturer=device.manufacturer or "",
            model=device.model or "",
            serial=device.serial or live.get("imei", ""),
        ),
        template=f"{template.category} {template.version}",
        functions=_lines(template.checks, function, photos, zone, english=english),
        locks=_lines(load_unlock_checks()[device.category], unlock, {}, zone, english=english),
        repairs=_repairs(session, device, zone, english=english),
        systems=_system(session, device),
        grade=device.grade or "",
        score=device.score,
        complete=not tested(template, standing(session, device.id, FUNCTION)),
    )


def _system(session: Session, device: Device) -> tuple[str, ...]:
    """The system that is on the device: the one installed last."""
    last = installations_of(session, device.id)[-1:]
    return tuple(" ".join(filter(None, (one.image, one.version))) for one in last)


def _lines(
    checks: Iterable[Check], rows: Sequence[CheckRow], photos: Mapping[UUID, int], zone: ZoneInfo, *, english: bool
) -> tuple[CheckLine, ...]:
    """Every check of the template in its order, the last outcome of each; what nobody tried is open."""
    latest = {row.name: row for row in rows}
    return tuple(_line(check, latest.get(check.code), photos, zone, english=english) for check in checks)


def _line(
    check: Check, row: CheckRow | None, photos: Mapping[UUID, int], zone: ZoneInfo, *, english: bool
) -> CheckLine:
    title = check.title_en if english else check.title_fr
    if row is None:
        return CheckLine(title, check.required, "open")
    value = row.value or ""
    if value and check.unit and not value.endswith(check.unit):
        value = f"{value} {check.unit}"
    return CheckLine(
        title=title,
        required=check.required,
        outcome=row.outcome,  # pyright: ignore[reportArgumentType]  # a word of CheckOutcome
        value=value,
        note=_printed(row.note),
        at=row.created_at.astimezone(zone),
        photos=photos.get(row.id, 0),
    )


def _printed(text: str | None) -> str:
    """A note as the paper may carry it: none that calls a used thing new (code de la consommation R122-4)."""
    return "" if text is None or forbidden_words(text) else text


def _repairs(session: Session, device: Device, zone: ZoneInfo, *, english: bool) -> tuple[RepairLine, ...]:
    defects = load_defects()
    rows = session.exec(select(Repair).where(Repair.device_id == device.id).order_by(col(Repair.id)))
    return tuple(
        RepairLine(
            defect=defects[row.defect].title_en if english else defects[row.defect].title_fr,
            action=_printed(row.action),
            parts=tuple(" ".join(filter(None, (part.get("kind"), part.get("serial")))) for part in row.parts),
            completed_at=_local(row.completed_at, zone),
        )
        for row in rows
    )


def _local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else at.astimezone(zone)
