from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field, StringConstraints
from sqlmodel import Session, col, func, select

from reuse.cursors import cut_page
from reuse.devices.api.inputs import Line, Reason
from reuse.exports.actions.departing import depart
from reuse.exports.actions.drafting import Consignee, Evaluation, Papers, amend_export, cancel_export, draft_export
from reuse.exports.actions.judging import judged
from reuse.exports.models import Export, ExportLine
from reuse.exports.queries import FILE, TABLE, documents_of, export_for, visible_exports
from reuse.exports.rules import ExportStatus
from reuse.house import House
from reuse.people.rules import Caller
from reuse.shapes import Instant
from reuse.web import Page, Shape, door, page_of

Address = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=300)]
"""Street, town and country, on one line or several."""


class ConsigneeShape(Shape):
    """Who receives the load: an organisation known here, or name and country; by default the reservation's network."""

    organisation_id: UUID | None = None
    name: Line | None = None
    address: Address | None = None
    country: Annotated[str | None, Field(pattern="^[A-Za-z]{2}$")] = None


class ContractShape(Shape):
    """The contract of sale or transfer; `states_reuse`: it says "destined for direct re-use and fully functional"."""

    kind: Literal["sale", "gift", "transfer"]
    reference: Line
    date: date
    states_reuse: bool
    document_id: UUID | None = None


class DeclarationShape(Shape):
    """What the person of the key declares: nothing in the load is waste, and they are liable for the shipment."""

    none_is_waste: bool
    takes_responsibility: bool


class PackingShape(Shape):
    """How the load is packed and stacked, and whether that protects it."""

    description: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]
    protects: bool


class TransportShape(Shape):
    """The transport document: CMR, waybill, bill of lading…, its number, and the carrier."""

    kind: Annotated[Line, Field(max_length=60)]
    reference: Line
    carrier: Line | None = None


class HazardShape(Shape):
    """What an evaluation of hazardous substances found in these devices; an empty list says that nothing was found."""

    device_ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]
    found: Annotated[list[str], Field(max_length=20)]
    note: Annotated[str | None, Field(max_length=300)] = None


class ExportPapers(Shape):
    """What is said of a load; each part may come later, and the last word counts until it departs."""

    workshop_address: Address | None = None
    consignee_address: Address | None = None
    contract: ContractShape | None = None
    declaration: DeclarationShape | None = None
    packing: PackingShape | None = None
    transport: TransportShape | None = None
    planned_at: Instant | None = None
    hazards: list[HazardShape] = Field(default_factory=list[HazardShape], max_length=500)


class ExportInput(ExportPapers):
    """A load to put a file together for: a reservation's devices, or those named."""

    reservation_id: UUID | None = None
    device_ids: list[UUID] = Field(default_factory=list[UUID], max_length=500)
    consignee: ConsigneeShape = ConsigneeShape()


class ExportDeviceShape(Shape):
    """One device's record: at departure frozen under its hash, before that as it is now, with what it lacks.

    `counts` says whether a departed record still opens the way: it ends with the sign-off that it rested on.
    """

    device_id: UUID
    missing: list[str]
    record: dict[str, Any]
    sha256: str | None
    counts: bool


class ExportSummary(Shape):
    """A load in short."""

    id: UUID
    number: str
    status: str
    version: int
    workshop_id: UUID
    reservation_id: UUID | None
    consignee_id: UUID | None
    consignee_name: str
    destination_country: str
    devices: int
    planned_at: datetime | None
    departed_at: datetime | None
    created_at: datetime


class ExportShape(Shape):
    """A load with its file. `missing` is what it lacks as a whole, each device says its own; empty, it may depart."""

    id: UUID
    number: str
    status: str
    version: int
    workshop_id: UUID
    workshop_address: str | None
    reservation_id: UUID | None
    consignee_id: UUID | None
    consignee_name: str
    consignee_address: str | None
    destination_country: str
    contract: dict[str, Any] | None
    declaration: dict[str, Any] | None
    packing: dict[str, Any] | None
    transport: dict[str, Any] | None
    planned_at: datetime | None
    departed_at: datetime | None
    reason: str | None
    missing: list[str]
    devices: list[ExportDeviceShape]
    file_job: UUID | None
    table_job: UUID | None
    file_document_id: UUID | None
    table_document_id: UUID | None
    created_at: datetime


class DepartureInput(Shape):
    """When the load left; now where nothing is said."""

    at: Instant | None = None


class ExportMoveInput(Shape):
    """Give a draft up."""

    to: Literal["cancelled"]
    reason: Reason


def _papers(data: ExportPapers) -> Papers:
    said = data.model_dump(mode="json", include={"contract", "declaration", "packing", "transport"}, exclude_none=True)
    return Papers(
        workshop_address=data.workshop_address,
        consignee_address=data.consignee_address,
        planned_at=data.planned_at,
        hazards=[Evaluation(tuple(one.device_ids), tuple(one.found), one.note) for one in data.hazards],
        **said,
    )


def _shape(session: Session, house: House, export: Export) -> ExportShape:
    judgement, documents = judged(session, export, house.secret_key), documents_of(session, [export.id])
    plain = export.model_dump(include=set(ExportShape.model_fields))
    return ExportShape.model_validate(
        {
            **plain,
            "missing": judgement.missing,
            "devices": [
                {
                    "device_id": one.device_id,
                    "missing": one.missing,
                    "record": one.record,
                    "sha256": one.sha256,
                    "counts": one.counts,
                }
                for one in judgement.items
            ],
            "file_job": export.file_job_id,
            "table_job": export.table_job_id,
            "file_document_id": documents.get((FILE, export.id)),
            "table_document_id": documents.get((TABLE, export.id)),
        }
    )


@door("POST", "/v1/exports", status=201)
def begin_export(session: Session, caller: Caller, house: House, data: JSONBody[ExportInput]) -> ExportShape:
    """Begin the file of a load that leaves the Union: a record per device from what is proved, and what is missing."""
    consignee = Consignee(**data.consignee.model_dump())
    export = draft_export(
        session,
        caller,
        consignee=consignee,
        papers=_papers(data),
        reservation_id=data.reservation_id,
        device_ids=data.device_ids,
    )
    return _shape(session, house, export)


@door("GET", "/v1/exports")
def list_exports(
    session: Session,
    caller: Caller,
    status: FromQuery[ExportStatus | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[ExportSummary]:
    """Loads that the caller may know of, oldest first."""
    statement = select(Export).where(visible_exports(caller))
    if status is not None:
        statement = statement.where(Export.status == status)
    cut = cut_page(session, statement, col(Export.id), limit=limit, cursor=cursor)
    counts = _counts(session, [row.id for row in cut.rows])
    fields = set(ExportSummary.model_fields)
    return page_of(cut, lambda row: ExportSummary(**row.model_dump(include=fields), devices=counts.get(row.id, 0)))


def _counts(session: Session, export_ids: Sequence[UUID]) -> dict[UUID, int]:
    counted = select(ExportLine.export_id, func.count()).where(col(ExportLine.export_id).in_(export_ids))
    return dict(session.exec(counted.group_by(col(ExportLine.export_id))).all())


@door("GET", "/v1/exports/{export_id:uuid}")
def show_export(session: Session, caller: Caller, house: House, export_id: FromPath[UUID]) -> ExportShape:
    """One load with its file, or what the file still lacks."""
    return _shape(session, house, export_for(session, caller, export_id))


@door("PATCH", "/v1/exports/{export_id:uuid}")
def change_draft(
    session: Session,
    caller: Caller,
    house: House,
    if_match: int | None,
    export_id: FromPath[UUID],
    data: JSONBody[ExportPapers],
) -> ExportShape:
    """Say more of a load before it departs: contract, declaration, packing, transport, evaluations."""
    return _shape(session, house, amend_export(session, caller, export_id, _papers(data), version=if_match))


@door("POST", "/v1/exports/{export_id:uuid}/departure")
def depart_export(
    session: Session,
    caller: Caller,
    house: House,
    if_match: int | None,
    export_id: FromPath[UUID],
    data: JSONBody[DepartureInput],
) -> ExportShape:
    """Let a load leave: complete record or no departure. The file is then frozen, and printed as PDF and CSV."""
    export = depart(session, caller, export_id, secret=house.secret_key, at=data.at, version=if_match)
    return _shape(session, house, export)


@door("POST", "/v1/exports/{export_id:uuid}/moves")
def move_draft(
    session: Session,
    caller: Caller,
    house: House,
    if_match: int | None,
    export_id: FromPath[UUID],
    data: JSONBody[ExportMoveInput],
) -> ExportShape:
    """Give a draft up, so that another export may name its devices."""
    return _shape(session, house, cancel_export(session, caller, export_id, reason=data.reason, version=if_match))


doors = [begin_export, list_exports, show_export, change_draft, depart_export, move_draft]
