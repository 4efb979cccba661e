from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from reuse.devices.models import Device, MilestoneRow
from reuse.devices.rules import Milestone
from reuse.documents.models import Document
from reuse.errors import Conflict, NotFound
from reuse.exports.models import Export, ExportLine
from reuse.exports.rules import ExportStatus
from reuse.lookup import the_one
from reuse.people.models import Organisation
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller, leaves_the_union

FILE, TABLE = "export_file", "export_table"
"""The two documents of a departure: for people, and for programs."""


def visible_exports(caller: Caller) -> ColumnElement[bool]:
    """A workshop sees what it sends, a network what is sent to it, a territory all that leaves its workshops."""
    me = caller.organisation_id
    return sight(
        caller,
        {
            Activity.workshop: col(Export.workshop_id) == me,
            Activity.network: col(Export.consignee_id) == me,
            Activity.territory: col(Export.territory_id) == caller.territory_id,
        },
    )


def export_for(session: Session, caller: Caller, export_id: UUID) -> Export:
    """The export, if the caller may know of it; NotFound otherwise."""
    return the_one(session, Export, export_id, visible_exports(caller), "export")


def locked_export(session: Session, caller: Caller, export_id: UUID) -> Export:
    """An export of the caller's own workshop, held against others; NotFound otherwise."""
    statement = select(Export).where(Export.id == export_id, Export.workshop_id == caller.organisation_id)
    found = session.exec(statement.with_for_update().execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound(f"There is no export {export_id} of your workshop.")
    return found


def lines_of(session: Session, export_ids: Collection[UUID]) -> dict[UUID, list[ExportLine]]:
    """Lines by export, in the order in which they were named."""
    found: dict[UUID, list[ExportLine]] = {export_id: [] for export_id in export_ids}
    statement = select(ExportLine).where(col(ExportLine.export_id).in_(export_ids)).order_by(col(ExportLine.id))
    for line in session.exec(statement):
        found[line.export_id].append(line)
    return found


def counting(session: Session, device_ids: Collection[UUID]) -> dict[UUID, Export]:
    """By device, the departed export whose record of it still holds.

    It holds while nothing of what it attests was undone: the sign-off by which the device left is the one of then.
    Whatever undoes a proof takes the sign-off back (spec/process.md), and a new one is later than the departure.
    """
    statement = (
        select(ExportLine.device_id, Export)
        .join(Export, col(Export.id) == col(ExportLine.export_id))
        .join(MilestoneRow, col(MilestoneRow.device_id) == col(ExportLine.device_id))
        .where(
            col(ExportLine.device_id).in_(device_ids),
            col(ExportLine.live),
            Export.status == ExportStatus.departed,
            MilestoneRow.name == Milestone.approved,
            col(MilestoneRow.at) <= col(Export.left_at),
        )
    )
    return dict(session.exec(statement).all())


def check_exports(session: Session, network_id: UUID, devices: Sequence[Device]) -> None:
    """Conflict `export` where a device would leave the Union without a departed export that names it and its taker.

    Nothing is asked of what stays on one side: within the Union, or from a workshop outside it.
    """
    to = session.get_one(Organisation, network_id).country.upper()
    leaving = [device for device in devices if leaves_the_union(_origin(session, device), to)]
    if not leaving:
        return
    papers = counting(session, [device.id for device in leaving])
    without = [device for device in leaving if not _names(papers.get(device.id), network_id, to)]
    if without:
        names = ", ".join(str(device.id) for device in without)
        raise Conflict(
            f"These devices leave the European Union ({to}) without a departed export that names them: {names}. Put "
            "their file together with POST /v1/exports; without it the load is presumed waste (2012/19/EU, Annex VI).",
            code="export_missing",
            missing=("export",),
        )


def _origin(session: Session, device: Device) -> str:
    return session.get_one(Organisation, device.workshop_id).country


def _names(export: Export | None, network_id: UUID, country: str) -> bool:
    """Whether this export goes to that network; one whose consignee is no organisation here, to its country."""
    if export is None or export.destination_country != country:
        return False
    return export.consignee_id in {None, network_id}


def document_key(kind: str, export_id: UUID) -> str:
    """What the job and the document of a departed export are known by."""
    return f"{kind}:{export_id}"


def documents_of(session: Session, export_ids: Collection[UUID]) -> dict[tuple[str, UUID], UUID]:
    """The documents by kind and export, where they are made already."""
    keys = {document_key(kind, one): (kind, one) for kind in (FILE, TABLE) for one in export_ids}
    made = select(Document.deduplicate, Document.id).where(col(Document.deduplicate).in_(keys))
    return {keys[key]: document_id for key, document_id in session.exec(made) if key is not None}
