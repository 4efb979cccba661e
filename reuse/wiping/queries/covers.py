"""What a cover tells: every medium of some devices, how it ended, by which certificate, or why by none."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from reuse.devices.models import Device
from reuse.devices.queries import codes_of
from reuse.devices.rules import MediaPolicy, Status
from reuse.wiping.models import Certificate
from reuse.wiping.queries.batches import AT_WORK
from reuse.wiping.queries.gate import Gate, MediumStanding, gate_of, live_sanitization

NO_LONGER_HERE = "not_in_custody"
NO_STORAGE = "no_storage"
NOT_ACCEPTED = "not_accepted"


@dataclass(frozen=True, slots=True)
class MediumLine:
    """One medium: its outcome (erased, destroyed, removed, absent or open), its certificate, why it has none."""

    device: Device
    code: str
    standing: MediumStanding
    certificate: Certificate | None
    outcome: str
    because: str

    @property
    def at(self) -> datetime | None:
        """When it was erased or disposed of."""
        if self.outcome == "erased":
            return self.standing.item.ended_at if self.standing.item else None
        return self.standing.disposal.at if self.standing.disposal else None


@dataclass(frozen=True, slots=True)
class Bare:
    """A device without any medium on record, and why that is."""

    device: Device
    code: str
    because: str


@dataclass(frozen=True, slots=True)
class Covered:
    """All that a cover says of some devices."""

    media: tuple[MediumLine, ...]
    bare: tuple[Bare, ...]
    devices: int

    @property
    def counts(self) -> dict[str, int]:
        """Media by outcome, those without certificate, and devices without media."""
        outcomes = Counter(line.outcome for line in self.media)
        certified = sum(line.certificate is not None for line in self.media)
        return {"certified": certified, **dict(sorted(outcomes.items())), "without_media": len(self.bare)}


def covered(session: Session, devices: Sequence[Device]) -> Covered:
    """What holds now for these devices, in their order; a donation of 500 asks some thousand small questions."""
    ids = [device.id for device in devices]
    codes = {
        device_id: next((code.value for code in known if code.live and code.kind == "label"), "")
        for device_id, known in codes_of(session, ids).items()
    }
    media: list[MediumLine] = []
    bare: list[Bare] = []
    for device in devices:
        gate = gate_of(session, device, acceptor="")
        live = live_sanitization(session, device.id)
        if not gate.standings:
            because = _why_bare(device, gate, is_accepted=live is not None)
            bare.append(Bare(device, codes[device.id], because))
        issued = _standing_certificates(session, device.id)
        media += [_line(device, codes[device.id], one, issued.get(one.medium.id)) for one in gate.standings]
    return Covered(tuple(media), tuple(bare), len(devices))


def _line(device: Device, code: str, standing: MediumStanding, certificate: Certificate | None) -> MediumLine:
    outcome = standing.outcome or "open"
    because = "" if certificate else _why_open(device, standing)
    return MediumLine(device, code, standing, certificate, outcome, because)


def _why_open(device: Device, standing: MediumStanding) -> str:
    if standing.outcome in {"removed", "absent"}:
        return ""  # its outcome says it
    if standing.outcome is not None:
        return NOT_ACCEPTED
    return standing.state.missing[0] if device.status in AT_WORK and standing.state.missing else NO_LONGER_HERE


def _why_bare(device: Device, gate: Gate, *, is_accepted: bool) -> str:
    if gate.media_policy is MediaPolicy.never:
        return NO_STORAGE
    if is_accepted:
        return "no_medium_declared"
    return "no_medium" if device.status in AT_WORK or device.status == Status.handed_over else NO_LONGER_HERE


def _standing_certificates(session: Session, device_id: UUID) -> dict[UUID, Certificate]:
    """The valid certificate of each medium of the device."""
    statement = select(Certificate).where(Certificate.device_id == device_id, Certificate.status == "valid")
    return {one.medium_id: one for one in session.exec(statement.order_by(col(Certificate.id)))}
