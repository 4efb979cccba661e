from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, select

from reuse.devices.models import Device, Medium
from reuse.devices.rules import Status
from reuse.errors import NotFound
from reuse.lookup import the_one
from reuse.people.models import Organisation
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller
from reuse.wiping.models import Certificate, ErasureReport, ReportItem, Sanitization
from reuse.wiping.rules import SIZE_TOLERANCE, suggest

AT_THE_BENCH = (Status.received, Status.in_workshop)
MOST_SUGGESTIONS = 10
SPANS_AT_ONCE = 200


def visible_reports(caller: Caller) -> ColumnElement[bool]:
    """A workshop sees the reports that it uploaded, a territory those of its workshops, the operator all."""
    of_territory = select(Organisation.id).where(Organisation.territory_id == caller.territory_id)
    return sight(
        caller,
        {
            Activity.workshop: col(ErasureReport.organisation_id) == caller.organisation_id,
            Activity.territory: col(ErasureReport.organisation_id).in_(of_territory),
        },
    )


def report_for(session: Session, caller: Caller, report_id: UUID) -> ErasureReport:
    """The report, if the caller may know of it; NotFound otherwise."""
    return the_one(session, ErasureReport, report_id, visible_reports(caller), "erasure report")


def report_with_bytes(session: Session, organisation_id: UUID, sha256: str) -> ErasureReport | None:
    """The organisation's report of exactly these bytes."""
    statement = select(ErasureReport).where(
        ErasureReport.organisation_id == organisation_id, ErasureReport.sha256 == sha256
    )
    return session.exec(statement).first()


def items_of(session: Session, report_ids: Collection[UUID]) -> dict[UUID, list[ReportItem]]:
    """Items by report, in the order of the file."""
    found: dict[UUID, list[ReportItem]] = {report_id: [] for report_id in report_ids}
    statement = select(ReportItem).where(col(ReportItem.report_id).in_(report_ids)).order_by(col(ReportItem.index))
    for item in session.exec(statement):
        found[item.report_id].append(item)
    return found


def workshop_medium(session: Session, organisation_id: UUID, medium_id: UUID) -> tuple[Medium, Device]:
    """The medium with its device, if that is in this workshop's hands; NotFound otherwise."""
    statement = (
        select(Medium, Device)
        .join(Device, col(Device.id) == col(Medium.device_id))
        .where(Medium.id == medium_id, col(Device.workshop_id) == organisation_id)
    )
    found = session.exec(statement).first()
    if found is None:
        raise NotFound(f"There is no medium {medium_id} in your workshop.")
    return found


def suggested_media(session: Session, items: Collection[ReportItem]) -> dict[UUID, tuple[UUID, ...]]:
    """Media at the workshop's bench that resemble each waiting item by model and size; a person decides.

    All items of a page are asked for together: one query for every two hundred sizes that differ.
    """
    spans: dict[tuple[UUID, int], list[ReportItem]] = {}
    for item in items:
        if item.medium_id is None and item.model is not None and item.size_bytes is not None:
            spans.setdefault((item.organisation_id, item.size_bytes), []).append(item)
    found: dict[UUID, tuple[UUID, ...]] = {}
    every = list(spans.items())
    for start in range(0, len(every), SPANS_AT_ONCE):
        some = every[start : start + SPANS_AT_ONCE]
        media = _media_within(session, [span for span, _ in some])
        for (organisation_id, size), waiting in some:
            near = [(one.id, one) for one in media.get(organisation_id, ()) if _is_near(one.size_bytes or 0, size)]
            found |= {item.id: suggest(item, near)[:MOST_SUGGESTIONS] for item in waiting}
    return found


def _media_within(session: Session, spans: list[tuple[UUID, int]]) -> dict[UUID, list[Medium]]:
    ranges = [
        and_(col(Device.workshop_id) == organisation_id, col(Medium.size_bytes).between(*_around(size)))
        for organisation_id, size in spans
    ]
    statement = (
        select(Medium, Device.workshop_id)
        .join(Device, col(Device.id) == col(Medium.device_id))
        .where(col(Device.status).in_(AT_THE_BENCH), or_(*ranges))
        .order_by(col(Medium.id))
    )
    found: dict[UUID, list[Medium]] = {}
    for medium, workshop_id in session.exec(statement):
        if workshop_id is not None:
            found.setdefault(workshop_id, []).append(medium)
    return found


def _around(size: int) -> tuple[int, int]:
    slack = round(size * SIZE_TOLERANCE * 2)
    return size - slack, size + slack


def _is_near(size: int, wanted: int) -> bool:
    low, high = _around(wanted)
    return low <= size <= high


@dataclass(frozen=True, slots=True)
class Reliance:
    """What rests on an item: the device whose medium it speaks of, and the valid certificates that name it as proof."""

    device_id: UUID
    certificate_ids: tuple[UUID, ...]


def reliance_on(session: Session, items: Collection[ReportItem]) -> dict[UUID, Reliance]:
    """What rests on each matched item, in two queries for the whole page."""
    medium_ids = {item.medium_id for item in items if item.medium_id is not None}
    if not medium_ids:
        return {}
    device_of = dict(session.exec(select(Medium.id, Medium.device_id).where(col(Medium.id).in_(medium_ids))).all())
    statement = (
        select(Certificate, Sanitization)
        .join(Sanitization, col(Sanitization.id) == col(Certificate.sanitization_id))
        .where(col(Certificate.medium_id).in_(medium_ids), Certificate.status == "valid")
        .order_by(col(Certificate.id))
    )
    named: dict[str, list[UUID]] = {}
    for certificate, sanitization in session.exec(statement):
        for one in sanitization.media:
            if one["medium_id"] == str(certificate.medium_id) and one["item_id"]:
                named.setdefault(one["item_id"], []).append(certificate.id)
    return {
        item.id: Reliance(device_of[item.medium_id], tuple(named.get(str(item.id), ())))
        for item in items
        if item.medium_id is not None
    }


def on_the_word_of(tool: str | None, version: str | None) -> ColumnElement[bool]:
    """Reports with an item of this tool, or of exactly this version of it."""
    among = select(ReportItem.report_id)
    among = among.where(ReportItem.tool == tool) if tool is not None else among
    among = among.where(ReportItem.tool_version == version) if version is not None else among
    return col(ErasureReport.id).in_(among)
