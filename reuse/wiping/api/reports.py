from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from litestar.params import FromHeader, FromPath, FromQuery, JSONBody, QueryParameter
from sqlmodel import Session, col, select

from reuse.canonical import sha256_hex
from reuse.cursors import cut_page
from reuse.errors import Fault, Invalid
from reuse.house import House
from reuse.people.queries import territory_of
from reuse.people.rules import Caller
from reuse.problems import problem_of
from reuse.transactions import in_transaction
from reuse.web import Answer, Page, Problem, Upload, door, page_of
from reuse.wiping.actions.clocks import confirm_time
from reuse.wiping.actions.folders import ReadFile, keep_folder, read_folder
from reuse.wiping.actions.matching import Where, match_by_person
from reuse.wiping.actions.pace import take_turn
from reuse.wiping.actions.reports import keep_report, read_report
from reuse.wiping.api.shapes import (
    FolderFileShape,
    FolderShape,
    MatchInput,
    ReportItemShape,
    ReportShape,
    TimeInput,
    UploadFields,
)
from reuse.wiping.api.terminal import report_as_text, wants_text
from reuse.wiping.evidence.folder import is_folder
from reuse.wiping.evidence.shape import Evidence
from reuse.wiping.models import ErasureReport, ReportItem
from reuse.wiping.queries.reports import (
    Reliance,
    items_of,
    on_the_word_of,
    reliance_on,
    report_for,
    suggested_media,
    visible_reports,
)


def report_shape(session: Session, report: ErasureReport) -> ReportShape:
    """The report with its present matches."""
    return _shapes(session, [report])[0]


def _shapes(session: Session, reports: Sequence[ErasureReport]) -> list[ReportShape]:
    """Reports with their items, what resembles those that wait, and what rests on the others: few queries a page."""
    items = items_of(session, [report.id for report in reports])
    every = [item for some in items.values() for item in some]
    suggested, reliance = suggested_media(session, every), reliance_on(session, every)
    shapes: list[ReportShape] = []
    for report in reports:
        own = [_item_shape(item, suggested.get(item.id, ()), reliance.get(item.id)) for item in items[report.id]]
        facts = report.model_dump(include=set(ReportShape.model_fields) - {"items"})
        shapes.append(ReportShape.model_validate({**facts, "items": own}))
    return shapes


def _item_shape(item: ReportItem, suggested: Sequence[UUID], relies: Reliance | None) -> ReportItemShape:
    facts = item.model_dump(include=set(ReportItemShape.model_fields))
    own = {
        "reasons": list(dict.fromkeys([*item.reasons, *item.clock_reasons, *item.match_reasons])),
        "suggested_media": suggested,
        "device_id": relies.device_id if relies else None,
        "certificate_ids": relies.certificate_ids if relies else (),
    }
    return ReportItemShape.model_validate({**facts, **own})


@dataclass(frozen=True, slots=True)
class ReadUpload:
    """An upload as it was read before the transaction: one report, or the files of a folder."""

    evidence: Evidence | None
    where: Where
    folder: list[ReadFile] | None = None


def read_upload(
    house: House,
    caller: Caller,
    upload: Upload,
    device_id: UUID | None,
    medium_id: UUID | None,
    timezone: str | None,
) -> ReadUpload:
    """Read what stands beside the report, and the report or folder itself; what cannot be read is refused here."""
    in_transaction(house.database, lambda session: take_turn(session, caller))
    beside = {"device_id": device_id, "medium_id": medium_id, "timezone": timezone, **upload.fields}
    fields = UploadFields.model_validate({name: value for name, value in beside.items() if value})
    where = Where(fields.device_id, fields.medium_id)
    if is_folder(upload.content):
        folder = read_folder(house.database, caller, upload.content, timezone=fields.timezone)
        return ReadUpload(None, where, folder)
    evidence = read_report(house.database, caller, upload.content, timezone=fields.timezone)
    return ReadUpload(evidence, where)


@door("POST", "/v1/erasure-reports", status=201, prepare=read_upload, admits_uploader=True)
def upload_report(
    session: Session,
    caller: Caller,
    house: House,
    upload: Upload,
    prepared: ReadUpload,
    device_id: FromQuery[UUID | None] = None,  # noqa: ARG001  # read before the transaction, by read_upload
    medium_id: FromQuery[UUID | None] = None,  # noqa: ARG001  # the same
    timezone: FromQuery[str | None] = None,  # noqa: ARG001  # the same
    accept: FromHeader[str | None] = None,
) -> ReportShape | FolderShape:
    """Keep a tool's erasure report and match it to media of the workshop; the same bytes again answer 200.

    The report is the part `file` of a form, or the whole body. A ZIP is a folder of reports: every file of it is
    answered for itself. With `Accept: text/plain` a single report is answered in a few lines for a terminal.
    """
    if prepared.folder is not None:
        return _answer_folder(session, caller, house, upload, prepared)  # pyright: ignore[reportReturnType]  # unwrapped
    content, name, where = upload.content, upload.file_name, prepared.where
    kept = keep_report(session, caller, house.files, prepared.evidence, content=content, file_name=name, where=where)
    headers, status = {"Location": f"/v1/erasure-reports/{kept.report.id}"}, 201 if kept.is_new else 200
    shape = report_shape(session, kept.report)
    if not wants_text(accept):
        return Answer(shape, status, headers)  # pyright: ignore[reportReturnType]  # the door unwraps an Answer
    language = territory_of(session, caller.organisation_id).language
    text = report_as_text(shape, is_new=kept.is_new, language=language)
    return Answer(text, status, headers, "text/plain; charset=utf-8")  # pyright: ignore[reportReturnType]  # unwrapped


def _answer_folder(session: Session, caller: Caller, house: House, upload: Upload, read: ReadUpload) -> Answer:
    answered = keep_folder(session, caller, house.files, read.folder or [], where=read.where)
    shapes = iter(_shapes(session, [one.kept.report for one in answered if one.kept]))
    files = [
        FolderFileShape(
            name=one.name,
            outcome="refused" if one.kept is None else "kept" if one.kept.is_new else "known",
            report=next(shapes) if one.kept else None,
            problem=Problem.model_validate(problem_of(one.refusal)) if one.refusal else None,
        )
        for one in answered
    ]
    counts = Counter(file.outcome for file in files)
    shape = FolderShape(
        format="zip",
        sha256=sha256_hex(upload.content),
        kept=counts["kept"],
        known=counts["known"],
        refused=counts["refused"],
        files=files,
    )
    return Answer(shape, status=201 if shape.kept else 200)


@door("GET", "/v1/erasure-reports")
def list_reports(
    session: Session,
    caller: Caller,
    waiting: Annotated[str | None, QueryParameter(name="state")] = None,
    tool: FromQuery[str | None] = None,
    tool_version: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[ReportShape]:
    """Erasure reports of the workshop, oldest first; `state=unmatched` gives those with an item that waits.

    `tool` and `tool_version` give those that rest on the word of one tool: where it proves to be wrong, the items'
    `device_id` and `certificate_ids` are what has to be looked at again.
    """
    statement = select(ErasureReport).where(visible_reports(caller))
    if waiting not in {None, "unmatched", "matched"}:
        sentence = f"state is {waiting}; it can be unmatched or matched."
        raise Invalid(sentence, code="bad_state", errors=(Fault("/state", "bad_state", sentence),))
    waits = select(ReportItem.report_id).where(col(ReportItem.medium_id).is_(None))
    if waiting is not None:
        among = col(ErasureReport.id).in_(waits)
        statement = statement.where(among if waiting == "unmatched" else ~among)
    if tool is not None or tool_version is not None:
        statement = statement.where(on_the_word_of(tool, tool_version))
    cut = cut_page(session, statement, col(ErasureReport.id), limit=limit, cursor=cursor)
    shapes = dict(zip([report.id for report in cut.rows], _shapes(session, cut.rows), strict=True))
    return page_of(cut, lambda report: shapes[report.id])


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


@door("POST", "/v1/erasure-reports/{report_id:uuid}/time-confirmations", status=200)
def confirm_report_time(
    session: Session, caller: Caller, report_id: FromPath[UUID], data: JSONBody[TimeInput]
) -> ReportShape:
    """Data security answers for the time zone in which an item's end was read, where another would put it too early."""
    report = confirm_time(session, caller, report_id, index=data.index, reason=data.reason)
    return report_shape(session, report)


doors = [upload_report, list_reports, show_report, download_report, match_report_item, confirm_report_time]
