from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from reuse.devices.models import Device, Medium
from reuse.devices.rules import Status
from reuse.errors import NotFound
from reuse.people.models import Organisation
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller
from reuse.wiping.models import ErasureReport, ReportItem
from reuse.wiping.rules import SIZE_TOLERANCE, suggest

AT_THE_BENCH = (Status.received, Status.in_workshop)
MOST_SUGGESTIONS = 10


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
    found = session.exec(select(ErasureReport).where(ErasureReport.id == report_id, visible_reports(caller))).first()
    if found is None:
        raise NotFound(f"There is no erasure report {report_id}.")
    return found


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


def suggested_media(session: Session, item: ReportItem) -> tuple[UUID, ...]:
    """Media at the workshop's bench that resemble a waiting item by model and size; a person decides."""
    if item.medium_id is not None or item.model is None or item.size_bytes is None:
        return ()
    slack = round(item.size_bytes * SIZE_TOLERANCE * 2)
    statement = (
        select(Medium)
        .join(Device, col(Device.id) == col(Medium.device_id))
        .where(
            col(Device.workshop_id) == item.organisation_id,
            col(Device.status).in_(AT_THE_BENCH),
            col(Medium.size_bytes).between(item.size_bytes - slack, item.size_bytes + slack),
        )
        .order_by(col(Medium.id))
    )
    return suggest(item, [(medium.id, medium) for medium in session.exec(statement)])[:MOST_SUGGESTIONS]
