from dataclasses import dataclass
from datetime import date, datetime

from labels.values.common import Imprint, Money, Party, Signature


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
class AccessoryLine:
    """What goes along: its name in the document's language, how many, and the serial of a thing that has one."""

    name: str
    quantity: int
    serial: str = ""


@dataclass(frozen=True)
class Warranty:
    """What the seller stands for by law, or by its own word, and until when; `contact` says where to turn to."""

    months: int
    until: date
    presumption_months: int
    contact: str = ""
    is_statutory: bool = True


@dataclass(frozen=True)
class HandoverReceipt:
    """What a network, or a person through it, took home. The beneficiary appears by pseudonym only.

    `gift_text` says what is owed for devices that were given, where a rule of the country is known; `lacking` are the
    accessories that the legal cap supposes and that were not handed over.
    """

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
    due: Money | None = None
    cap_source: str = ""
    accessories: tuple[AccessoryLine, ...] = ()
    lacking: tuple[AccessoryLine, ...] = ()
    warranty: Warranty | None = None
    gift_text: str = ""
    remarks: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True)
class PickLine:
    """A device to fetch; `address_of_device` is what its QR code opens, `serial_end` ends its number."""

    code: str
    address_of_device: str
    category: str
    designation: str
    serial_end: str
    grade: str
    location: str
    accessories: tuple[AccessoryLine, ...] = ()


@dataclass(frozen=True)
class PreparationList:
    """What is laid out for one reservation, in the order in which it is fetched; what has no place comes last."""

    imprint: Imprint
    reservation_number: str
    address_of_reservation: str
    network: Party
    lines: tuple[PickLine, ...]


@dataclass(frozen=True)
class VoucherSheet:
    """Vouchers to be cut and given out: a prescriber attests eligibility with one, for one device, once."""

    imprint: Imprint
    prescriber: str
    codes: tuple[str, ...]
    category: str = ""
    valid_until: date | None = None


@dataclass(frozen=True)
class PaperSlip:
    """One slip: its number, and what its QR code opens."""

    number: str
    address_of_slip: str


@dataclass(frozen=True)
class PaperSlips:
    """Slips for hand-overs without a connection, a page each, with the devices that may leave and fields for a pen."""

    imprint: Imprint
    seller: Party
    taker: Party
    reservation_number: str
    slips: tuple[PaperSlip, ...]
    lines: tuple[PickLine, ...]
