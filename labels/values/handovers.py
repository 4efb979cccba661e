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
