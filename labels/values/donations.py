from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from labels.values.common import CountLine, Imprint, Item, Money, Party, Signature


@dataclass(frozen=True)
class Container:
    """A pallet, crate or cage with its code and seal; `inside` is the code of the one that it stands in.

    `sha256` is that of its content as it was frozen, with `devices` devices lying directly in it.
    """

    code: str
    kind: str
    seal: str = ""
    content: str = ""
    devices: int = 0
    inside: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Reserve:
    """What a party did not sign for as it stands."""

    text: str
    category: str = ""
    serial: str = ""


@dataclass(frozen=True)
class Photo:
    """A photo that is kept beside a note, by the hash of its bytes."""

    sha256: str
    caption: str = ""


@dataclass(frozen=True)
class AgreedLine:
    """So many of a category are given; `media` tells whether such devices always, possibly or never hold media."""

    category: str
    quantity: int
    description: str = ""
    media: str = ""


@dataclass(frozen=True)
class AgreedSite:
    """A place where devices wait: `access` are pairs of a word's key and what is said, `slots` spans that suit."""

    name: str
    address: str
    contact: str = ""
    access: tuple[tuple[str, bool | str], ...] = ()
    slots: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(frozen=True)
class Declared:
    """One thing that the donor declares, in the language of the document; exactly one of its four values is there."""

    title: str
    text: str | None = None
    day: date | None = None
    yes: bool | None = None
    amount: Money | None = None


@dataclass(frozen=True)
class PriceCap:
    """The most that a device of a category may be passed on for, tax included; `note` where it needs one."""

    category: str
    amount: Money
    note: str = ""


@dataclass(frozen=True)
class Clause:
    """A clause with its title, in the language of the document."""

    title: str
    text: str


@dataclass(frozen=True)
class Processing:
    """What is agreed on the personal data that the media hold."""

    title: str
    intro: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class DonationAgreement:
    """What donor and workshop agree on before anything moves, in the words of the API.

    `supersedes` is the number of the agreement that this one replaces; `missing` are titles of what the donor has still
    to declare; `basis` and `resale` are the law's clauses, `terms` and `clauses` the parties'.
    """

    imprint: Imprint
    donation_number: str
    donor: Party
    recipient: Party
    legal_basis: Literal["company_gift", "public_free_transfer", "sale", "other"]
    required_erasure: Literal["clear", "purge", "destroy"]
    lines: tuple[AgreedLine, ...]
    basis: str
    supersedes: str = ""
    donor_reference: str = ""
    recipient_quality: str = ""
    place: str = ""
    sites: tuple[AgreedSite, ...] = ()
    declarations: tuple[Declared, ...] = ()
    missing: tuple[str, ...] = ()
    resale: str = ""
    caps: tuple[PriceCap, ...] = ()
    caps_source: str = ""
    terms: tuple[str, ...] = ()
    processing: Processing | None = None
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
    reserves: tuple[Reserve, ...] = ()
    photos: tuple[Photo, ...] = ()
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True)
class TransferDifference:
    """What the receiver found otherwise than offered."""

    reason: str
    name: str = ""
    note: str = ""


@dataclass(frozen=True)
class TransferSlip:
    """What one organisation hands to another: offered, then answered; `sha256` covers all that was offered."""

    imprint: Imprint
    transfer_number: str
    status: str
    giver: Party
    taker: Party
    offered_at: datetime
    answered_at: datetime | None
    sha256: str
    seals_intact: bool | None = None
    containers: tuple[Container, ...] = ()
    items: tuple[Item, ...] = ()
    differences: tuple[TransferDifference, ...] = ()
    note: str = ""
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
    """One difference and its coded reason: missing, extra, category_differs, serial_differs, damaged.

    `answer` is what the donor said (accepted, disputed), `resolution` what the workshop answered (found, corrected,
    upheld); both empty while nothing was said.
    """

    reason: str
    category: str
    quantity: int = 1
    code: str = ""
    serial: str = ""
    note: str = ""
    answer: str = ""
    answer_comment: str = ""
    resolution: str = ""
    resolution_comment: str = ""


@dataclass(frozen=True)
class Mass:
    """What was weighed of one category, in grams: each device by itself, or shared out of a common weighing."""

    category: str
    devices: int
    measured_grams: int
    apportioned_grams: int


@dataclass(frozen=True)
class ReceptionNote:
    """What the workshop received, set against what was declared and what was picked up.

    `version` counts the reconciliations of a donation, `replaces` is the number of the note before, `because` the code
    of what was learned since; `agreed_at` is when both sides had agreed.
    """

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
    masses: tuple[Mass, ...] = ()
    version: int = 1
    replaces: str = ""
    because: str = ""
    agreed_at: datetime | None = None
