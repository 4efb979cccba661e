from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import Session, col, select, update

from labels.fitting import too_small
from labels.formats import LabelFormat, Symbology
from labels.sheet import free_places
from reuse import clock
from reuse.devices.actions.identity import mint_blank_codes, mint_label_codes
from reuse.devices.actions.label_texts import longest_label
from reuse.devices.models import Code, Device, LabelOfRun, LabelRun
from reuse.devices.queries import CHUNK, label_format, label_run
from reuse.devices.rules import Status
from reuse.documents.actions import Readers, add_document
from reuse.errors import Conflict, Fault, Invalid, NotFound
from reuse.history.actions import record
from reuse.jobs.actions import enqueue
from reuse.jobs.models import Job
from reuse.people.rules import Caller

NOT_THERE = frozenset({Status.declared, Status.collected, Status.missing, Status.withdrawn})
"""In these the workshop has no device in its hands to stick a label on."""
MAX_LABELS = 2000


@dataclass(frozen=True, slots=True)
class LabelOrder:
    """What is to be labelled, exactly one of devices, a donation, a number of blank labels and an earlier run; and how.

    What is not said of an earlier run's labels is as it was, but for the places on the sheet, which is another one.
    """

    format: str | None = None
    device_ids: tuple[UUID, ...] | None = None
    donation_id: UUID | None = None
    blank: int | None = None
    run_id: UUID | None = None
    start_at: int = 1
    skip: tuple[int, ...] = ()
    symbology: Symbology | None = None
    language: str | None = None
    with_organisation: bool | None = None


@dataclass(frozen=True, slots=True)
class KeptSheet:
    """Drawn labels whose bytes are kept already."""

    run_id: UUID
    sha256: str
    size: int


def print_labels(session: Session, caller: Caller, order: LabelOrder, *, public_url: str) -> Job:
    """Mint the label codes that are missing and have the labels drawn; Invalid for an order that says not what."""
    chosen = (order.device_ids, order.donation_id, order.blank, order.run_id)
    if sum(one is not None for one in chosen) != 1:
        raise _invalid("/", "Say exactly one of device_ids, donation_id, blank and run_id.", code="one_selector")
    if order.run_id is not None:
        return _print_again(session, caller, order, order.run_id, public_url=public_url)
    choices = _choices(session, caller, order, {}, public_url=public_url)
    codes = _codes(session, caller, order)
    kind = "blank" if order.blank is not None else "donation" if order.donation_id is not None else "devices"
    run = LabelRun(
        id=clock.new_id(),
        organisation_id=caller.organisation_id,
        person=caller.person,
        kind=kind,
        donation_id=order.donation_id,
        choices=choices,
        count=len(codes),
        created_at=clock.now(),
    )
    session.add(run)
    session.flush()
    places = [{"run_id": run.id, "place": place, "code_id": code.id} for place, code in enumerate(codes, start=1)]
    session.connection().execute(insert(LabelOfRun), places)
    what = {"kind": kind, "count": len(codes), "format": choices["format"]}
    record(session, caller.actor, thing="label_run", thing_id=run.id, verb="printed", data=what)
    return _enqueue(session, caller, run, choices)


def _enqueue(session: Session, caller: Caller, run: LabelRun, choices: dict[str, Any]) -> Job:
    return enqueue(session, "labels.print", actor=caller.actor, payload={"run_id": run.id, **choices})


def _print_again(session: Session, caller: Caller, order: LabelOrder, run_id: UUID, *, public_url: str) -> Job:
    """Draw the same codes once more, as they are now; none is minted."""
    try:
        run = label_run(session, caller.organisation_id, run_id)
    except NotFound as error:
        raise _invalid("/run_id", error.detail, code="unknown_run") from error
    choices = _choices(session, caller, order, run.choices, public_url=public_url)
    again = update(LabelRun).where(col(LabelRun.id) == run.id)
    session.exec(again.values(prints=LabelRun.prints + 1, version=LabelRun.version + 1))
    what = {"count": run.count, "format": choices["format"]}
    record(session, caller.actor, thing="label_run", thing_id=run.id, verb="printed_again", data=what)
    return _enqueue(session, caller, run, choices)


def _choices(
    session: Session, caller: Caller, order: LabelOrder, before: dict[str, Any], *, public_url: str
) -> dict[str, Any]:
    """How the labels are printed, as the run and its job keep it; Invalid where it cannot be."""
    said: dict[str, Any] = {
        "format": order.format,
        "symbology": order.symbology,
        "language": order.language,
        "with_organisation": order.with_organisation,
    }
    choices: dict[str, Any] = {name: before.get(name) if value is None else value for name, value in said.items()}
    found = _checked_format(session, caller, choices["format"])
    try:
        free_places(found, order.start_at, order.skip)
    except ValueError as error:
        raise _bad_place(order, found) from error
    if order.symbology and (misfit := too_small(found, longest_label(public_url), order.symbology)):
        raise _invalid("/symbology", misfit.sentence, code="label_too_small")
    return {**choices, "start_at": order.start_at, "skip": sorted(set(order.skip))}


def _invalid(pointer: str, sentence: str, *, code: str) -> Invalid:
    return Invalid(sentence, code=code, errors=(Fault(pointer, code, sentence),))


def _checked_format(session: Session, caller: Caller, name: str | None) -> LabelFormat:
    if name is None:
        raise _invalid("/format", "Say the format of the labels; GET /v1/label-formats lists them.", code="invalid")
    try:
        return label_format(session, caller.organisation_id, name)
    except KeyError as error:
        sentence = f"There is no label format {name}; GET /v1/label-formats lists them."
        raise _invalid("/format", sentence, code="unknown_label_format") from error


def _bad_place(order: LabelOrder, found: LabelFormat) -> Invalid:
    """Which place is not on the sheet; or that none of it is free."""
    name = found.title if found.id != order.format else found.id
    if not 1 <= order.start_at <= found.per_page:
        sentence = f"start_at is {order.start_at}; {name} has the places 1 to {found.per_page}."
        return _invalid("/start_at", sentence, code="bad_start")
    for index, place in enumerate(order.skip):
        if not 1 <= place <= found.per_page:
            sentence = f"Place {place} is to be skipped; {name} has the places 1 to {found.per_page}."
            return _invalid(f"/skip/{index}", sentence, code="bad_start")
    return _invalid("/skip", "No place of this sheet is left; take a fresh one and skip none.", code="sheet_full")


def _codes(session: Session, caller: Caller, order: LabelOrder) -> list[Code]:
    """The code of each label in the order of printing, made where there is none."""
    if order.blank is not None:
        return mint_blank_codes(session, caller.actor, count=order.blank)
    devices = [one for one in _wanted(session, caller, order) if one.status not in NOT_THERE]
    if not devices:
        raise Conflict("None of these devices is in the workshop yet: receive them first.", code="nothing_to_label")
    minted = mint_label_codes(session, caller.actor, devices)
    session.flush()
    return [minted[device.id] for device in devices]


def _wanted(session: Session, caller: Caller, order: LabelOrder) -> list[Device]:
    """The devices to label, each once: in the order asked for, or of the donation in the order of their making."""
    own = select(Device).where(col(Device.workshop_id) == caller.organisation_id)
    if order.device_ids is None:
        of_donation = own.where(Device.donation_id == order.donation_id).order_by(col(Device.id))
        return _not_too_many(list(session.exec(of_donation.limit(MAX_LABELS + 1))))
    asked = list(dict.fromkeys(order.device_ids))
    known: dict[UUID, Device] = {}
    for start in range(0, len(asked), CHUNK):
        for device in session.exec(own.where(col(Device.id).in_(asked[start : start + CHUNK]))):
            known[device.id] = device
    faults = tuple(
        Fault(f"/device_ids/{place}", "not_found", f"There is no device {one} in your workshop.")
        for place, one in enumerate(order.device_ids)
        if one not in known
    )
    if faults:
        raise Invalid("Some of these devices are not in your workshop.", code="unknown_device", errors=faults[:100])
    return [known[one] for one in asked]


def _not_too_many(devices: list[Device]) -> list[Device]:
    if len(devices) > MAX_LABELS:
        sentence = f"The donation has more than {MAX_LABELS} devices; print by device_ids."
        raise _invalid("/donation_id", sentence, code="too_many")
    return devices


def keep_sheet(session: Session, chosen: LabelFormat, sheet: KeptSheet) -> UUID:
    """Enter the drawn labels as a document of the workshop, the newest of their run; returns its id."""
    run = session.exec(select(LabelRun).where(LabelRun.id == sheet.run_id)).one()
    is_pdf = chosen.kind == "pdf"
    document = add_document(
        session,
        kind="labels",
        title=f"Étiquettes / Labels ({run.count}): {chosen.title}",
        media_type="application/pdf" if is_pdf else "application/zpl",
        file_name=f"labels-{sheet.sha256[:8]}.{chosen.kind}",
        sha256=sheet.sha256,
        size=sheet.size,
        organisation_id=run.organisation_id,
        readers=Readers(donation_id=run.donation_id),
    )
    session.flush()
    session.exec(update(LabelRun).where(col(LabelRun.id) == run.id).values(document_id=document.id))
    return document.id
