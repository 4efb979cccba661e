from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from pydantic import Field
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.errors import Fault, Invalid
from reuse.house import House
from reuse.people.rules import Caller
from reuse.web import Answer, Page, Shape, Upload, door, page_of
from reuse.wiping.actions.matching import Where, match_by_person
from reuse.wiping.actions.reports import keep_report, read_report
from reuse.wiping.evidence.shape import Evidence
from reuse.wiping.models import ErasureReport, ReportItem
from reuse.wiping.queries.reports import items_of, report_for, suggested_media, visible_reports


class ReportItemShape(Shape):
    """What the report says about one medium; `reasons` are codes of the parser and of the search for it."""

    index: int
    serial: str | None
    medium_id: UUID | None
    verdict: str
    method: str
    technique: str
    tool: str
    tool_version: str | None
    verification: str
    started_at: datetime | None
    ended_at: datetime | None
    reasons: list[str]
    manufacturer: str | None
    model: str | None
    kind: str | None
    size_bytes: int | None
    rounds: int | None
    matched_by: str | None
    suggested_media: list[UUID]


class ReportShape(Shape):
    """An erasure report: a tool's own output, kept byte for byte under its SHA-256."""

    id: UUID
    format: str
    sha256: str
    size: int
    file_name: str | None
    timezone: str
    timezone_assumed: bool
    warnings: list[str]
    system_serial: str | None
    received_at: datetime
    items: list[ReportItemShape]


class MatchInput(Shape):
    """A person's word on which medium an item speaks of."""

    index: int = Field(ge=0)
    medium_id: UUID
    reason: str = Field(min_length=1, max_length=500)


class UploadFields(Shape):
    """The form's fields beside the file."""

    device_id: UUID | None = None
    medium_id: UUID | None = None
    timezone: str | None = None


def report_shape(session: Session, report: ErasureReport) -> ReportShape:
    """The report with its present matches."""
    return _shape(session, report, items_of(session, [report.id])[report.id])


def _shape(session: Session, report: ErasureReport, items: list[ReportItem]) -> ReportShape:
    facts = report.model_dump(include=set(ReportShape.model_fields) - {"items"})
    return ReportShape.model_validate({**facts, "items": [_item_shape(session, item) for item in items]})


def _item_shape(session: Session, item: ReportItem) -> ReportItemShape:
    facts = item.model_dump(include=set(ReportItemShape.model_fields))
    own = {"reasons": [*item.reasons, *item.match_reasons], "suggested_media": suggested_media(session, item)}
    return ReportItemShape.model_validate({**facts, **own})


@dataclass(frozen=True, slots=True)
class ReadUpload:
    """An upload as it was read before the transaction."""

    evidence: Evidence | None
    where: Where


def read_upload(house: House, caller: Caller, upload: Upload) -> ReadUpload:
    """Read the form's fields and the report in it; what cannot be read is refused here."""
    fields = UploadFields.model_validate({name: value for name, value in upload.fields.items() if value})
    evidence = read_report(house.database, caller, upload.content, timezone=fields.timezone)
    return ReadUpload(evidence, Where(fields.device_id, fields.medium_id))


@door("POST", "/v1/erasure-reports", status=201, prepare=read_upload)
def upload_report(session: Session, caller: Caller, house: House, upload: Upload, prepared: ReadUpload) -> Answer:
    """Keep a tool's erasure report and match it to media of the workshop; the same bytes again answer 200."""
    content, name, where = upload.content, upload.file_name, prepared.where
    kept = keep_report(session, caller, house.files, prepared.evidence, content=content, file_name=name, where=where)
    headers = {"Location": f"/v1/erasure-reports/{kept.report.id}"}
    return Answer(report_shape(session, kept.report), status=201 if kept.is_new else 200, headers=headers)


@door("GET", "/v1/erasure-reports")
def list_reports(
    session: Session,
    caller: Caller,
    waiting: Annotated[str | None, QueryParameter(name="state")] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[ReportShape]:
    """Erasure reports of the workshop, oldest first; `state=unmatched` gives those with an item that waits."""
    statement = select(ErasureReport).where(visible_reports(caller))
    if waiting not in {None, "unmatched", "matched"}:
        sentence = f"state is {waiting}; it can be unmatched or matched."
        raise Invalid(sentence, code="bad_state", errors=(Fault("/state", "bad_state", sentence),))
    waits = select(ReportItem.report_id).where(col(ReportItem.medium_id).is_(None))
    if waiting is not None:
        among = col(ErasureReport.id).in_(waits)
        statement = statement.where(among if waiting == "unmatched" else ~among)
    cut = cut_page(session, statement, col(ErasureReport.id), limit=limit, cursor=cursor)
    items = items_of(session, [report.id for report in cut.rows])
    return page_of(cut, lambda report: _shape(session, report, items[report.id]))


@door("GET", "/v1/erasure-reports/{report_id:uuid}")
def show_report(session: Session, caller: Caller, report_id: FromPath[UUID]) -> ReportShape:
    """One erasure report with its present matches."""
    return report_shape(session, report_for(session, caller, report_id))


@door("GET", "/v1/erasure-reports/{report_id:uuid}/content", media_type="application/octet-stream")
def download_report(session: Session, caller: Caller, house: House, report_id: FromPath[UUID]) -> bytes:
    """The report itself, byte for byte as it was uploaded."""
    report = report_for(session, caller, report_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{report.sha256[:12]}.report"',
        "X-Content-Type-Options": "nosniff",
    }
    content = house.files.get(report.sha256)
    return Answer(content, headers=headers, media_type="application/octet-stream")  # pyright: ignore[reportReturnType]  # unwrapped


@door("POST", "/v1/erasure-reports/{report_id:uuid}/matches", status=200)
def match_report_item(
    session: Session, caller: Caller, report_id: FromPath[UUID], data: JSONBody[MatchInput]
) -> ReportShape:
    """A named person says which medium an item speaks of; the verdict stays what it was."""
    report = match_by_person(session, caller, report_id, index=data.index, medium_id=data.medium_id, reason=data.reason)
    return report_shape(session, report)


doors = [upload_report, list_reports, show_report, download_report, match_report_item]
