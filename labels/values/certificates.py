from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from labels.values.common import Imprint, Item, Party, Person


@dataclass(frozen=True)
class Medium:
    """The storage medium that was erased or destroyed; `kind` is a word of spec/wiping.md (hdd, ssd_nvme, phone…)."""

    manufacturer: str
    model: str
    serial: str
    kind: str
    size_bytes: int | None
    asset_tag: str = ""
    soldered: bool | None = None


@dataclass(frozen=True)
class Destruction:
    """How a medium was destroyed, and who saw it."""

    method: str
    particle_size_mm: Decimal | None = None
    witness: Person | None = None


@dataclass(frozen=True)
class TimeConfirmation:
    """Who answered for the time zone in which a report's clock was read; that zone, and when the wipe ended by it."""

    person: Person
    timezone: str
    ended_at: datetime


@dataclass(frozen=True)
class Evidence:
    """A tool's report, byte for byte, as it was uploaded."""

    name: str
    media_type: str
    content: bytes
    sha256: str
    format: str = ""


@dataclass(frozen=True)
class ErasureCertificate:
    """One medium, one accepted sanitization (NIST SP 800-88 Rev. 2, section 4.7 lists what a certificate must say).

    `notes` are codes of words.json ("notes"), `remarks` free sentences. `canonical_json` is the record that this page
    renders; its signature, where there is one, travels beside it.
    """

    imprint: Imprint
    medium: Medium
    device: Item
    donor: Party
    donation_number: str
    method: Literal["clear", "purge", "destroy"]
    required_method: Literal["clear", "purge", "destroy"]
    technique: str
    tool: str
    tool_version: str
    rounds: int | None
    started_at: datetime | None
    ended_at: datetime | None
    verification: Literal["none", "last", "all", "declared"]
    verification_read_as: str
    verdict: Literal["pass", "fail", "unknown"]
    operator: Person
    validator: Person
    destination: str
    evidence: tuple[Evidence, ...]
    canonical_json: bytes
    confidentiality: str = ""
    destruction: Destruction | None = None
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    standard: str = "NIST SP 800-88 Rev. 2 (09/2025)"
    supersedes: str = ""
    json_signature: bytes = b""
    signing_key: str = ""
    pdf_signing_key: str = ""
    time_confirmation: TimeConfirmation | None = None


@dataclass(frozen=True)
class CoveredMedium:
    """A line of a certificate cover; `certificate` is empty where none applies."""

    certificate: str
    device_code: str
    device_serial: str
    manufacturer: str
    model: str
    serial: str
    kind: str
    outcome: Literal["erased", "destroyed", "removed", "absent", "open"]
    method: str = ""
    at: datetime | None = None
    sha256: str = ""
    because: str = ""


@dataclass(frozen=True)
class BareDevice:
    """A device without any storage medium on record; `because` is a code of words.json ("because")."""

    code: str
    category: str
    name: str
    serial: str
    because: str


@dataclass(frozen=True)
class CertificateCover:
    """The cover of the certificates of a device or a donation: every medium, how it ended, by which certificate.

    `counts` are words of words.json ("count") with their figures; `because` of a medium says why it has no certificate.
    """

    imprint: Imprint
    scope: Literal["device", "donation"]
    reference: str
    donor: Party
    media: tuple[CoveredMedium, ...]
    remarks: tuple[str, ...] = ()
    bare: tuple[BareDevice, ...] = ()
    devices: int = 0
    counts: tuple[tuple[str, int], ...] = ()
