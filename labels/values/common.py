from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Language = Literal["fr", "en"]
Relationship = Literal["Source", "Data", "Alternative", "Supplement", "Unspecified"]


@dataclass(frozen=True)
class Named:
    """A number with the word that says what it is, in any script; the number reads from left to right always."""

    word: str
    number: str


@dataclass(frozen=True)
class Label:
    """One label: the address its symbol holds, code and domain in clear, and what tells the device apart."""

    address: str
    code: str
    domain: str
    lines: tuple[str | Named, ...] = ()


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
    """A signature box: signed when there is a name, else left blank for a pen.

    `drawn` is what a finger drew: an SVG path of absolute commands, or a PNG as a data URL, checked before.
    """

    role: str
    name: str = ""
    at: datetime | None = None
    drawn: str = ""


@dataclass(frozen=True)
class Imprint:
    """What every document says of itself; `trial` marks those made without a public address, which prove nothing."""

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


@dataclass(frozen=True)
class CountLine:
    """How many of a category."""

    category: str
    quantity: int
    description: str = ""
