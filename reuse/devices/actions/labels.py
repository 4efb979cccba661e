from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from labels.formats import LabelFormat, format_by_id
from labels.values import Label
from reuse.devices.actions.identity import mint_blank_codes, mint_label_codes
from reuse.devices.models import Code, Device
from reuse.devices.queries import CHUNK
from reuse.devices.rules import Status
from reuse.documents.actions import Readers, add_document
from reuse.errors import Conflict, Fault, Invalid
from reuse.jobs.actions import enqueue
from reuse.jobs.models import Job
from reuse.people.rules import Caller

NOT_THERE = frozenset({Status.declared, Status.collected, Status.missing, Status.withdrawn})
"""In these the workshop has no device in its hands to stick a label on."""
MAX_LABELS = 2000


@dataclass(frozen=True, slots=True)
class LabelOrder:
    """What is to be labelled: exactly one of devices, a donation, or a number of blank labels."""

    format: str
    device_ids: tuple[UUID, ...] | None = None
    donation_id: UUID | None = None
    blank: int | None = None
    start_at: int = 1


@dataclass(frozen=True, slots=True)
class KeptSheet:
    """Drawn labels whose bytes are kept already."""

    sha256: str
    size: int
    count: int
    donation_id: UUID | None


def print_labels(session: Session, caller: Caller, order: LabelOrder) -> Job:
    """Mint the label codes that are missing and have the sheet drawn; Invalid for an order that says not what."""
    label_format = _checked_format(order)
    if order.blank is not None:
        codes = mint_blank_codes(session, caller.actor, count=order.blank)
    else:
        devices = [one for one in _wanted(session, caller, order) if one.status not in NOT_THERE]
        if not devices:
            raise Conflict("None of these devices is in the workshop yet: receive them first.", code="nothing_to_label")
        minted = mint_label_codes(session, caller.actor, devices)
        codes = [minted[device.id] for device in devices]
    payload = {
        "format": label_format.id,
        "start_at": order.start_at,
        "code_ids": [code.id for code in codes],
        "donation_id": order.donation_id,
    }
    return enqueue(session, "labels.print", actor=caller.actor, payload=payload)


def _checked_format(order: LabelOrder) -> LabelFormat:
    if sum(one is not None for one in (order.device_ids, order.donation_id, order.blank)) != 1:
        sentence = "Say exactly one of device_ids, donation_id and blank."
        raise Invalid(sentence, code="one_selector", errors=(Fault("/", "one_selector", sentence),))
    try:
        found = format_by_id(order.format)
    except KeyError as error:
        sentence = f"There is no label format {order.format}; GET /v1/label-formats lists them."
        fault = Fault("/format", "unknown_label_format", sentence)
        raise Invalid(sentence, code="unknown_label_format", errors=(fault,)) from error
    if not 1 <= order.start_at <= found.per_page:
        sentence = f"start_at is {order.start_at}; {found.id} has the places 1 to {found.per_page}."
        raise Invalid(sentence, code="bad_start", errors=(Fault("/start_at", "bad_start", sentence),))
    return found


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
        raise Invalid(sentence, code="too_many", errors=(Fault("/donation_id", "too_many", sentence),))
    return devices


def labels_of(session: Session, code_ids: Sequence[UUID], *, public_url: str) -> tuple[Label, ...]:
    """The labels of these codes in this order: the address that finds the device, and what tells it from its like."""
    found: dict[UUID, tuple[Code, Device | None]] = {}
    for start in range(0, len(code_ids), CHUNK):
        statement = (
            select(Code, Device)
            .join(Device, col(Device.id) == col(Code.device_id), isouter=True)
            .where(col(Code.id).in_(code_ids[start : start + CHUNK]))
        )
        for code, device in session.exec(statement):
            found[code.id] = (code, device)
    imeis = _imeis(session, [device.id for _, device in found.values() if device and not device.serial])
    domain = public_url.split("://", 1)[-1]
    return tuple(
        Label(f"{public_url}/d/{code.value}", code.value, domain, _lines(device, imeis.get(code.device_id)))
        for code, device in (found[code_id] for code_id in code_ids)
    )


def _imeis(session: Session, device_ids: Sequence[UUID]) -> dict[UUID | None, str]:
    """What tells phones apart that have no serial number."""
    found: dict[UUID | None, str] = {}
    for start in range(0, len(device_ids), CHUNK):
        some = device_ids[start : start + CHUNK]
        for code in session.exec(select(Code).where(col(Code.device_id).in_(some), Code.kind == "imei")):
            found.setdefault(code.device_id, code.value)
    return found


def _lines(device: Device | None, imei: str | None) -> tuple[str, ...]:
    if device is None:
        return ()
    name = " ".join(part for part in (device.manufacturer, device.model) if part)
    number = f"S/N {device.serial}" if device.serial else f"IMEI {imei}" if imei else ""
    return tuple(line for line in (name, number) if line)


def keep_sheet(session: Session, organisation_id: UUID | None, label_format: LabelFormat, sheet: KeptSheet) -> UUID:
    """Enter the drawn labels as a document of the workshop; returns its id."""
    is_pdf = label_format.kind == "pdf"
    return add_document(
        session,
        kind="labels",
        title=f"Étiquettes / Labels ({sheet.count}): {label_format.title}",
        media_type="application/pdf" if is_pdf else "application/zpl",
        file_name=f"labels-{sheet.sha256[:8]}.{label_format.kind}",
        sha256=sheet.sha256,
        size=sheet.size,
        organisation_id=organisation_id,
        readers=Readers(donation_id=sheet.donation_id),
    ).id
