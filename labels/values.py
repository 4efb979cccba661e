"""What documents are made of: frozen values, already resolved, holding nothing that the paper should not show.

Times are aware datetimes and are printed in the zone they carry. Money is in minor units with its currency's exponent (EUR 2, TND 3,
XOF 0). A language is "fr" or "en"; the erasure certificate carries both.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Language = Literal["fr", "en"]
Relationship = Literal["Source", "Data", "Alternative", "Supplement", "Unspecified"]


@dataclass(frozen=True)
class Label:
    """One label: the address its QR holds, the code and the domain printed in clear, and what tells the device apart."""

    address: str
    code: str
    domain: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attachment:
    """A file carried inside a PDF, with what it is to the document (ISO 32000-2, 7.11.3)."""

    name: str
    media_type: str
    content: bytes
    relationship: Relationship
    description: str = ""


@dataclass(frozen=True)
class Money:
    """An amount in minor units: 1250 EUR with exponent 2 is 12.50 €."""

    amount_minor: int
    currency: str
    exponent: int


@dataclass(frozen=True)
class Party:
    """An organisation as it is named on paper; `lines` hold its address, registration number and the like."""

    name: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Person:
    """Who did something: a name or a workshop pseudonym, with title, time and place where they are known."""

    name: str
    title: str = ""
    at: datetime | None = None
    place: str = ""


@dataclass(frozen=True)
class Signature:
    """A signature box: signed when there is a name, else left blank for a pen."""

    role: str
    name: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Imprint:
    """What every document says of itself. `trial` marks documents made without a public address, which prove nothing."""

    number: str
    issued_at: datetime
    issuer: Party
    language: Language = "fr"
    verification_address: str = ""
    sha256: str = ""
    trial: bool = False


@dataclass(frozen=True)
class Item:
    """A device as a line of a document."""

    code: str
    category: str
    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    asset_tag: str = ""
    note: str = ""


# --- erasure certificate


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

    `notes` are codes of words.json ("notes"), `remarks` free sentences. `canonical_json` is the record that this page renders;
    its signature, where there is one, travels beside it.
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


@dataclass(frozen=True)
class CoveredMedium:
    """A line of a certificate cover; `outcome` is erased, destroyed, removed or absent, `certificate` empty where none applies."""

    certificate: str
    device_code: str
    device_serial: str
    manufacturer: str
    model: str
    serial: str
    kind: str
    outcome: Literal["erased", "destroyed", "removed", "absent"]
    method: str = ""
    at: datetime | None = None
    sha256: str = ""


@dataclass(frozen=True)
class CertificateCover:
    """The cover of the certificates of one device or one donation: every medium, how it ended, which certificate says so."""

    imprint: Imprint
    scope: Literal["device", "donation"]
    reference: str
    donor: Party
    media: tuple[CoveredMedium, ...]
    remarks: tuple[str, ...] = ()


# --- donation, collection, reception


@dataclass(frozen=True)
class CountLine:
    """How many of a category."""

    category: str
    quantity: int
    description: str = ""


@dataclass(frozen=True)
class Container:
    """A pallet, crate or cage with its code and seal."""

    code: str
    kind: str
    seal: str = ""
    content: str = ""


@dataclass(frozen=True)
class DonationAgreement:
    """What donor and workshop agree on before anything moves; `legal_basis` and `required_erasure` are words of the API."""

    imprint: Imprint
    donation_number: str
    donor: Party
    recipient: Party
    legal_basis: Literal["company_gift", "public_free_transfer", "sale", "other"]
    required_erasure: Literal["clear", "purge", "destroy"]
    lines: tuple[CountLine, ...]
    place: str = ""
    recipient_quality: str = ""
    clauses: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True)
class PickupNote:
    """What left the donor with the carrier."""

    imprint: Imprint
    collection_number: str
    donation_numbers: tuple[str, ...]
    donors: tuple[Party, ...]
    carrier: Party
    recipient: Party
    planned_at: datetime | None
    picked_up_at: datetime
    place: str
    lines: tuple[CountLine, ...]
    vehicle: str = ""
    containers: tuple[Container, ...] = ()
    items: tuple[Item, ...] = ()
    remarks: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True)
class ReconciliationLine:
    """Declared, picked up and received for one category; picked_up is None for a drop-off."""

    category: str
    declared: int
    picked_up: int | None
    received: int


@dataclass(frozen=True)
class Difference:
    """One difference and its coded reason: missing, extra, category_differs, serial_differs, damaged."""

    reason: str
    category: str
    quantity: int = 1
    code: str = ""
    serial: str = ""
    note: str = ""


@dataclass(frozen=True)
class ReceptionNote:
    """What the workshop received, set against what was declared and what was picked up."""

    imprint: Imprint
    collection_number: str
    donation_numbers: tuple[str, ...]
    donors: tuple[Party, ...]
    carrier: Party | None
    received_at: datetime
    place: str
    lines: tuple[ReconciliationLine, ...]
    differences: tuple[Difference, ...] = ()
    items: tuple[Item, ...] = ()
    remarks: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()


# --- hand-over


@dataclass(frozen=True)
class HandoverLine:
    """A device handed over. `refurbished` is True only when gate 1 was passed (code de la consommation R122-4)."""

    code: str
    category: str
    designation: str
    serial: str
    grade: str
    price: Money
    legal_cap: Money | None = None
    refurbished: bool = False


@dataclass(frozen=True)
class Warranty:
    """What the seller stands for, and until when; `contact` says where to turn to."""

    months: int
    until: date
    presumption_months: int
    contact: str = ""


@dataclass(frozen=True)
class HandoverReceipt:
    """What a network, or a person through it, took home. The beneficiary appears by pseudonym only."""

    imprint: Imprint
    seller: Party
    taker: Party
    handed_over_at: datetime
    lines: tuple[HandoverLine, ...]
    total: Money
    reservation_number: str = ""
    beneficiary: str = ""
    paid: Money | None = None
    payment_method: str = ""
    warranty: Warranty | None = None
    remarks: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()


# --- impact


@dataclass(frozen=True)
class ThreeFigures:
    """Low, central and high, in kgCO2e; never one without the others."""

    low: Decimal
    central: Decimal
    high: Decimal


@dataclass(frozen=True)
class ImpactRow:
    """One device: its category's factor (gross kgCO2e a year), years of further use N, and the three results."""

    code: str
    category: str
    factor: Decimal
    years: Decimal
    result: ThreeFigures


@dataclass(frozen=True)
class Indicator:
    """A figure beside carbon, with its unit, already in words."""

    label: str
    value: str


@dataclass(frozen=True)
class ImpactReport:
    """Emissions avoided against buying new, traced device by device; rows must add up to `total` exactly."""

    imprint: Imprint
    scope: str
    period_from: date
    period_to: date
    factor_set: str
    factor_source: str
    total: ThreeFigures
    rows: tuple[ImpactRow, ...]
    not_covered: tuple[CountLine, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    remarks: tuple[str, ...] = ()
