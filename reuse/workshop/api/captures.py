from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlmodel import Session, col, select

from reuse.canonical import sha256_hex
from reuse.cursors import cut_page
from reuse.devices.api.inputs import Reason
from reuse.devices.api.shapes import MediumShape, medium_shape
from reuse.errors import Fault, Invalid
from reuse.house import House
from reuse.people.rules import Caller, require_role
from reuse.transactions import reading
from reuse.web import Answer, Page, Shape, Upload, door, page_of
from reuse.workshop.actions.arriving import match_capture, receive_capture, told_devices, waiting_capture
from reuse.workshop.actions.capturing import capture_for, confirm_capture, take_capture
from reuse.workshop.api.floor import FLOOR, on_the_floor
from reuse.workshop.captures.bundle import read_captures
from reuse.workshop.captures.shape import CaptureFound
from reuse.workshop.models import Capture
from reuse.workshop.queries import media_of_capture, visible_captures


class WarningShape(Shape):
    """Something odd in a capture, with its place."""

    pointer: str
    code: str
    message: str


class SaidShape(Shape):
    """What one tool says of a field."""

    value: Any
    source: str


class ConflictShape(Shape):
    """A field of which two tools say different things, what was taken, and why."""

    field: str
    values: list[SaidShape]
    chosen: Any
    why: str


class SuggestionShape(Shape):
    """A device that a waiting capture may be of, and what speaks for it."""

    device_id: UUID
    because: list[str]


class CaptureShape(Shape):
    """What was read from a capture; personal data is dropped before it is stored.

    `upload_sha256` is that of what was sent, which is not kept; `kept_sha256` that of the stripped form, which is.
    """

    id: UUID
    device_id: UUID | None
    format: str
    partial: bool
    identity: dict[str, Any]
    media: list[MediumShape]
    warnings: list[WarningShape]
    state: str
    matched_by: str | None
    match_reasons: list[str]
    suggestions: list[SuggestionShape]
    facts: dict[str, Any]
    components: list[dict[str, Any]]
    conflicts: list[ConflictShape]
    upload_sha256: str
    kept_sha256: str
    created_at: datetime


class MachineShape(Shape):
    """Of which machine a waiting capture is, and how one knows."""

    device_id: UUID
    reason: Reason


class ConfirmationShape(Shape):
    """Why this is the right machine although its serial differs."""

    reason: Reason


def _capture_shape(session: Session, caller: Caller, capture: Capture) -> CaptureShape:
    plain = capture.model_dump(include=set(CaptureShape.model_fields) - {"media", "warnings"})
    waits = capture.device_id is None
    told = told_devices(session, caller, capture) if waits else []
    return CaptureShape(
        **plain,
        media=[medium_shape(medium) for medium in media_of_capture(session, capture)],
        warnings=[WarningShape(**one) for one in capture.warnings],
        state="unmatched" if waits else "matched",
        suggestions=[SuggestionShape(device_id=device.id, because=because) for device, because in told],
        facts=capture.kept["facts"],
        components=capture.kept["components"],
        conflicts=[ConflictShape.model_validate(one) for one in capture.kept["conflicts"]],
    )


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """What the files of one upload tell together, and the hash of what was sent; of several files, of their hashes."""

    found: CaptureFound
    sha256: str


def _read(upload: Upload) -> ReadFiles:
    hashes = [sha256_hex(content) for content in (upload.content, *upload.more)]
    whole = hashes[0] if len(hashes) == 1 else sha256_hex("\n".join(hashes).encode())
    return ReadFiles(read_captures((upload.content, *upload.more)), whole)


def read_upload(house: House, caller: Caller, upload: Upload, device_id: UUID) -> ReadFiles:
    """Read the capture before the transaction, for those who may send one of this device."""
    with reading(house.database) as session:
        on_the_floor(session, caller, device_id)
    return _read(upload)


@door("POST", "/v1/devices/{device_id:uuid}/captures", status=201, prepare=read_upload)
def add_capture(
    session: Session,
    caller: Caller,
    upload: Upload,  # noqa: ARG001  # asks for the file that `prepared` was read from
    prepared: ReadFiles,
    device_id: FromPath[UUID],
) -> CaptureShape:
    """Send what lshw, smartctl, eReuse… printed, as the body, as files of a form or in a ZIP; every medium is noted."""
    device = on_the_floor(session, caller, device_id)
    capture = take_capture(session, caller, device, prepared.found, upload_sha256=prepared.sha256)
    return _capture_shape(session, caller, capture)


def read_arrival(house: House, caller: Caller, upload: Upload) -> ReadFiles:  # noqa: ARG001  # as every `prepare` is called
    """Read the capture before the transaction, for those who work on the floor."""
    require_role(caller, *FLOOR)
    return _read(upload)


@door("POST", "/v1/captures", status=201, prepare=read_arrival)
def send_capture(session: Session, caller: Caller, upload: Upload, prepared: ReadFiles) -> Answer:  # noqa: ARG001  # asks for the file
    """Send a capture without naming its device: its serial, asset tag or label finds it, or it waits for a person."""
    require_role(caller, *FLOOR)
    capture, is_new = receive_capture(session, caller, prepared.found, upload_sha256=prepared.sha256)
    headers = {"Location": f"/v1/captures/{capture.id}"}
    return Answer(_capture_shape(session, caller, capture), status=201 if is_new else 200, headers=headers)


@door("GET", "/v1/captures")
def list_captures(
    session: Session,
    caller: Caller,
    waiting: Annotated[str | None, QueryParameter(name="state")] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[CaptureShape]:
    """Captures of the workshop, oldest first; `state=unmatched` gives those that wait, with suggestions."""
    if waiting not in {None, "unmatched", "matched"}:
        sentence = f"state is {waiting}; it can be unmatched or matched."
        raise Invalid(sentence, code="bad_state", errors=(Fault("/state", "bad_state", sentence),))
    statement = select(Capture).where(visible_captures(caller))
    if waiting is not None:
        waits = col(Capture.device_id).is_(None)
        statement = statement.where(waits if waiting == "unmatched" else ~waits)
    cut = cut_page(session, statement, col(Capture.id), limit=limit, cursor=cursor)
    return page_of(cut, lambda capture: _capture_shape(session, caller, capture))


@door("GET", "/v1/captures/{capture_id:uuid}")
def show_capture(session: Session, caller: Caller, capture_id: FromPath[UUID]) -> CaptureShape:
    """One capture as it was kept."""
    return _capture_shape(session, caller, waiting_capture(session, caller, capture_id))


@door("POST", "/v1/captures/{capture_id:uuid}/matches")
def match_capture_to_device(
    session: Session, caller: Caller, capture_id: FromPath[UUID], data: JSONBody[MachineShape]
) -> CaptureShape:
    """A named person says of which machine a waiting capture is; its media are noted in it."""
    require_role(caller, *FLOOR)
    capture = match_capture(session, caller, capture_id, device_id=data.device_id, reason=data.reason)
    return _capture_shape(session, caller, capture)


@door("POST", "/v1/captures/{capture_id:uuid}/confirmation")
def confirm_machine(
    session: Session, caller: Caller, capture_id: FromPath[UUID], data: JSONBody[ConfirmationShape]
) -> CaptureShape:
    """Say that this is the right machine although its serial number differs from the device's."""
    require_role(caller, *FLOOR)
    capture, device = capture_for(session, caller, capture_id)
    return _capture_shape(session, caller, confirm_capture(session, caller, device, capture, reason=data.reason))


doors = [add_capture, send_capture, list_captures, show_capture, match_capture_to_device, confirm_machine]
