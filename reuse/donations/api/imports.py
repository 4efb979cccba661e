from typing import Literal
from uuid import UUID

from litestar.params import FromPath, FromQuery
from sqlmodel import Session, col, select

from reuse.boundedjson import MAX_BYTES
from reuse.cursors import cut_page
from reuse.donations.actions.imports import Manner, start_import
from reuse.donations.api.shapes import DeviceOfRow, FaultOfRow
from reuse.donations.imports.keys import keyed_file
from reuse.donations.imports.read import read_file
from reuse.donations.imports.workbook import refuse_declared_bomb
from reuse.donations.models import ImportDevice, ImportFault
from reuse.donations.queries import donation_for, import_for
from reuse.house import House
from reuse.people.rules import Caller
from reuse.transactions import reading
from reuse.web import Answer, Page, Shape, Upload, door, job_accepted, page_of

READ_AT_ONCE = 256 * 1024
"""A list of 5,000 devices is read within the request, so that a file that is no list is refused on the spot."""
HEAD = 4096


class ImportForm(Shape):
    """The fields beside the file."""

    mode: Literal["all_or_nothing", "good_rows"] = "good_rows"
    dry_run: bool = False


def refuse_no_list(content: bytes) -> None:
    """Refuse at once what is no list: a small file is read whole, of a large one what its head and size tell.

    A large list that turns out to be broken further down ends its job as failed, with the same problem.
    """
    is_packed = content.startswith(b"PK")
    if is_packed:
        refuse_declared_bomb(content)
    if len(content) <= READ_AT_ONCE or len(content) > MAX_BYTES or (b"\0" in content[:HEAD] and not is_packed):
        keyed_file(read_file(content))


def look_at_upload(house: House, caller: Caller, upload: Upload, donation_id: UUID) -> ImportForm:
    """Read the form and look at the list before the transaction, for those who see the donation."""
    with reading(house.database) as session:
        donation_for(session, caller, donation_id)
    form = ImportForm.model_validate(upload.fields)
    refuse_no_list(upload.content)
    return form


@door("POST", "/v1/donations/{donation_id:uuid}/imports", status=202, prepare=look_at_upload)
def import_list(
    session: Session, caller: Caller, house: House, upload: Upload, prepared: ImportForm, donation_id: FromPath[UUID]
) -> Answer:
    """Take in a donor's list (CSV, XLSX or GLPI JSON) as multipart `file`, with `mode` and `dry_run`."""
    form = prepared
    donation = donation_for(session, caller, donation_id)
    sha256 = house.files.put(upload.content)
    how = Manner(upload.file_name, form.mode, dry_run=form.dry_run)
    return job_accepted(start_import(session, caller, donation, sha256=sha256, how=how))


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


doors = [import_list, list_import_errors, list_import_devices]
