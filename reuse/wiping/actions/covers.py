"""The cover of the certificates of a device or a donation: what stands when its job runs, one document a state."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from labels.values import BareDevice, CertificateCover, CoveredMedium, Imprint, Language, Party
from reuse import clock
from reuse.canonical import as_json, canonical_json, sha256_hex
from reuse.devices.models import Device
from reuse.documents.actions import Readers, add_document
from reuse.documents.models import Document
from reuse.donations.models import Donation
from reuse.donations.queries import devices_of, donation_of
from reuse.errors import Conflict
from reuse.jobs.actions import enqueue
from reuse.jobs.models import Job
from reuse.people.models import Organisation, Territory
from reuse.people.queries import organisation
from reuse.people.rules import Caller, Role, require_role
from reuse.wiping.queries.covers import Bare, Covered, MediumLine, covered

KIND = "certificate_cover"
DIGITS = 8
"""Hexadecimal digits of the state in a cover's number: two of one donation meet once in four thousand million."""


@dataclass(frozen=True, slots=True)
class Cover:
    """A cover ready to be printed, the state that it shows, and who may read it."""

    value: CertificateCover
    state: str
    workshop: Organisation
    readers: Readers


def order_cover(
    session: Session, caller: Caller, *, device: Device | None = None, donation: Donation | None = None
) -> Job:
    """Have the cover of this device, or else of this donation, printed; Conflict where no workshop has it yet."""
    require_role(caller, Role.lead, Role.data_security, Role.donor, Role.territory, Role.operator)
    thing = device or donation
    if thing is None or thing.workshop_id is None:
        raise Conflict(
            "No workshop has taken this in yet, so nothing of it can be certified; ask again after the reception.",
            code="no_workshop",
        )
    scope = "device" if device else "donation"
    payload = {"scope": scope, "id": thing.id, "at": clock.now()}
    return enqueue(session, "covers.make", actor=caller.actor, payload=payload)


def draw_up(session: Session, scope: Literal["device", "donation"], thing_id: UUID, at: datetime) -> Cover:
    """What stands now; `at` is when it was asked for, so that a second attempt prints the same."""
    device = session.get_one(Device, thing_id) if scope == "device" else None
    donation = donation_of(session, device) if device else session.get_one(Donation, thing_id)
    owner: Any = device or donation
    found = covered(session, [device] if device else devices_of(session, [thing_id]))
    workshop = organisation(session, owner.workshop_id)
    donor = organisation(session, owner.donor_id) if owner.donor_id else None
    territory = session.get_one(Territory, owner.territory_id)
    zone = ZoneInfo(territory.timezone)
    reference = _reference(device, donation, found)
    value = CertificateCover(
        imprint=Imprint(
            number="",
            issued_at=at.astimezone(zone),
            issuer=_party(workshop),
            language=cast("Language", territory.language if territory.language in {"fr", "en"} else "fr"),
        ),
        scope=scope,
        reference=reference,
        donor=_party(donor) if donor else Party("—"),
        media=tuple(_medium(line, zone) for line in found.media),
        bare=tuple(_bare(one) for one in found.bare),
        devices=found.devices,
        counts=tuple((name, count) for name, count in found.counts.items() if count),
    )
    readers = Readers(
        territory_id=territory.id,
        donor_id=owner.donor_id,
        donation_id=donation.id if donation else None,
        device_id=device.id if device else None,
    )
    state = sha256_hex(canonical_json(as_json({**asdict(value), "imprint": None})))
    imprint = replace(value.imprint, number=f"CR-{reference}-{state[:DIGITS]}")
    return Cover(replace(value, imprint=imprint), f"{KIND}:{scope}:{thing_id}:{state}", workshop, readers)


def enter_cover(session: Session, cover: Cover, *, title: str, sha256: str, size: int) -> Document:
    """Enter a cover whose bytes are kept; the same state of the same thing is the same document."""
    number = cover.value.imprint.number
    return add_document(
        session,
        kind=KIND,
        title=f"{title} {number}",
        media_type="application/pdf",
        file_name=f"{number}.pdf",
        sha256=sha256,
        size=size,
        organisation_id=cover.workshop.id,
        readers=cover.readers,
        number=number,
        deduplicate=cover.state,
    )


def _reference(device: Device | None, donation: Donation | None, found: Covered) -> str:
    if device is None:
        return donation.number if donation else "—"
    known = [*(line.code for line in found.media), *(one.code for one in found.bare)]
    return next(filter(None, known), None) or device.serial or str(device.id)


def _bare(one: Bare) -> BareDevice:
    device = one.device
    name = " ".join(filter(None, (device.manufacturer, device.model))) or "—"
    return BareDevice(one.code, device.category, name, device.serial or "", one.because)


def _medium(line: MediumLine, zone: ZoneInfo) -> CoveredMedium:
    medium, certificate, at = line.standing.medium, line.certificate, line.at
    return CoveredMedium(
        certificate=certificate.number if certificate else "",
        device_code=line.code or "—",
        device_serial=line.device.serial or "",
        manufacturer=medium.manufacturer or "",
        model=medium.model or "",
        serial=medium.serial or "—",
        kind=medium.kind,
        outcome=cast("Any", line.outcome),
        method=certificate.content["method"] if certificate else "",
        at=at.astimezone(zone) if at else None,
        sha256=certificate.sha256 if certificate else "",
        because=line.because,
    )


def _party(one: Organisation) -> Party:
    return Party(one.name, (f"SIRET {one.siret}",) if one.siret else ())
