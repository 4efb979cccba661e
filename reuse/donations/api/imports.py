from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar.params import FromPath, FromQuery
from pydantic import Field
from sqlmodel import Session, col, select

from reuse.boundedjson import MAX_BYTES, as_node, parse_json
from reuse.cursors import cut_page
from reuse.donations.actions.imports import Manner, start_import
from reuse.donations.actions.register import check_side
from reuse.donations.api.shapes import DeviceOfRow, FaultOfRow, PreviewShape
from reuse.donations.imports.archive import refuse_declared_bomb
from reuse.donations.imports.faulty import faulty_rows_file
from reuse.donations.imports.header import check_wishes
from reuse.donations.imports.keys import check_list
from reuse.donations.imports.preview import RowPreview, preview_list
from reuse.donations.imports.read import open_list
from reuse.donations.imports.shape import Wishes
from reuse.donations.models import ImportDevice, ImportFault
from reuse.donations.queries import donation_for, faults_of_rows, import_for, wishes_of, wishes_of_donor
from reuse.errors import Conflict
from reuse.house import House
from reuse.people.rules import Caller
from reuse.transactions import reading
from reuse.web import Answer, Page, Shape, Upload, door, job_accepted, page_of

READ_AT_ONCE = 256 * 1024
"""A list of 5,000 devices is read within the request, so that a file that is no list is refused on the spot."""
HEAD = 4096
SHOWN_ROWS = 20


class ImportForm(Shape):
    """The fields beside the file."""

    mode: Literal["all_or_nothing", "good_rows"] = "good_rows"
    dry_run: bool = False
    mapping: dict[str, str | None] | None = None


class PreviewForm(Shape):
    """The fields beside a file that is only looked at; a form made for an import is accepted as it is."""

    mode: Literal["all_or_nothing", "good_rows"] = "good_rows"
    dry_run: bool = True
    rows: Annotated[int, Field(ge=1, le=100)] = SHOWN_ROWS
    mapping: dict[str, str | None] | None = None


def read_fields(upload: Upload) -> dict[str, Any]:
    """The form's fields, `mapping` read as the JSON object that it is; Invalid with the place where it is none."""
    fields: dict[str, Any] = dict(upload.fields)
    sent = fields.pop("mapping", "")
    if not sent.strip():
        return fields
    mapping = parse_json(sent, within="/mapping")
    return {**fields, "mapping": as_node(mapping, "/mapping").value}


def refuse_no_list(content: bytes, wishes: Wishes) -> None:
    """Refuse at once what is no list: a small file is read whole, of a large one what its head and size tell.

    A large list that turns out to be broken further down ends its job as failed, with the same problem.
    """
    is_packed = content.startswith(b"PK")
    if is_packed:
        refuse_declared_bomb(content)
    if len(content) <= READ_AT_ONCE or len(content) > MAX_BYTES or (b"\0" in content[:HEAD] and not is_packed):
        check_list(open_list(content, wishes))
    elif wishes.given:
        open_list(content, wishes)


def look_at_upload(house: House, caller: Caller, upload: Upload, donation_id: UUID) -> ImportForm:
    """Read the form and look at the list before the transaction, for those who see the donation."""
    with reading(house.database) as session:
        donation = donation_for(session, caller, donation_id)
        wishes = wishes_of_donor(session, donation.donor_id)
    form = ImportForm.model_validate(read_fields(upload))
    check_wishes(form.mapping or {})
    refuse_no_list(upload.content, wishes if form.mapping is None else Wishes(given=form.mapping))
    return form


@door("POST", "/v1/donations/{donation_id:uuid}/imports", status=202, prepare=look_at_upload)
def import_list(
    session: Session, caller: Caller, house: House, upload: Upload, prepared: ImportForm, donation_id: FromPath[UUID]
) -> Answer:
    """Take in a donor's list (CSV, XLSX, ODS, GLPI JSON) as multipart `file`, with `mode`, `dry_run`, `mapping`."""
    form = prepared
    donation = donation_for(session, caller, donation_id)
    sha256 = house.files.put(upload.content)
    how = Manner(upload.file_name, form.mode, dry_run=form.dry_run, mapping=form.mapping)
    return job_accepted(start_import(session, caller, donation, sha256=sha256, how=how))


@door("POST", "/v1/donations/{donation_id:uuid}/imports/preview", has_own_transaction=True)
def preview_import(caller: Caller, house: House, upload: Upload, donation_id: FromPath[UUID]) -> PreviewShape:
    """Show how the first rows of a list would be read, and how its headers are understood; nothing is kept."""
    with reading(house.database) as session:
        donation = donation_for(session, caller, donation_id)
        check_side(caller, donation)
        wishes = wishes_of_donor(session, donation.donor_id)
    form = PreviewForm.model_validate(read_fields(upload))
    check_wishes(form.mapping or {})
    seen = preview_list(upload.content, wishes if form.mapping is None else Wishes(given=form.mapping), rows=form.rows)
    return PreviewShape.model_validate(
        {
            "detected": asdict(seen.found),
            "mapping": seen.mapping,
            "rows": [_row_shown(row) for row in seen.rows],
            "trouble": [asdict(fault) for fault in seen.trouble],
        }
    )


def _row_shown(row: RowPreview) -> dict[str, Any]:
    said = asdict(row.item) if row.item is not None else {}
    values = {name: value for name, value in said.items() if value is not None and name not in {"row", "notes"}}
    faults = [asdict(fault) for fault in row.faults]
    return {"row": row.row, "values": values, "notes": said.get("notes", {}), "faults": faults}


@door("GET", "/v1/imports/{import_id:uuid}/faulty-rows", has_own_transaction=True, media_type="text/csv; charset=utf-8")
def download_faulty_rows(caller: Caller, house: House, import_id: FromPath[UUID]) -> Answer:
    """The faulty rows as a CSV with what is wrong in an added last column: corrected, it can be sent as it is."""
    with reading(house.database) as session:
        this = import_for(session, caller, import_id)
        if this.ended_at is None:
            raise Conflict(
                "This list is still being read, or could not be read; its job tells.", code="import_under_way"
            )
        wishes = wishes_of(session, this)
        faults = faults_of_rows(session, this.id)
    content = faulty_rows_file(open_list(house.files.get(this.sha256), wishes), faults)
    headers = {"Content-Disposition": f'attachment; filename="import-{this.id}-a-corriger.csv"'}
    return Answer(content, headers=headers, media_type="text/csv; charset=utf-8")


@door("GET", "/v1/imports/{import_id:uuid}/errors")
def list_import_errors(
    session: Session,
    caller: Caller,
    import_id: FromPath[UUID],
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[FaultOfRow]:
    """Everything that is wrong in the rows of a list, in their order."""
    this = import_for(session, caller, import_id)
    statement = select(ImportFault).where(ImportFault.import_id == this.id)
    cut = cut_page(session, statement, col(ImportFault.id), limit=limit, cursor=cursor)
    return page_of(cut, lambda row: FaultOfRow.model_validate(row.model_dump(exclude={"id", "import_id"})))


@door("GET", "/v1/imports/{import_id:uuid}/devices")
def list_import_devices(
    session: Session,
    caller: Caller,
    import_id: FromPath[UUID],
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[DeviceOfRow]:
    """The devices that the rows of a list mean, new ones and those that were known."""
    this = import_for(session, caller, import_id)
    statement = select(ImportDevice).where(ImportDevice.import_id == this.id)
    cut = cut_page(session, statement, col(ImportDevice.id), limit=limit, cursor=cursor)
    return page_of(cut, lambda row: DeviceOfRow.model_validate(row.model_dump(exclude={"id", "import_id"})))


doors = [import_list, preview_import, download_faulty_rows, list_import_errors, list_import_devices]
