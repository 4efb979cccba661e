from dataclasses import dataclass
from datetime import date, datetime

from labels.values.common import Imprint, Item, Money, Party, Signature


@dataclass(frozen=True)
class RemedySlip:
    """What its holder got under a warranty case: the device again, another, or money; on paper as the receipt was.

    `until` is the last day of the warranty from now on, None where there is none; `is_goodwill` where it had ended, or
    never was, and the seller helps all the same. `replaces` is the device that came back, of an exchange.
    """

    imprint: Imprint
    seller: Party
    taker: Party
    at: datetime
    case_number: str
    receipt_number: str
    complaint: str
    device: Item
    beneficiary: str = ""
    replaces: Item | None = None
    price: Money | None = None
    amount: Money | None = None
    method: str = ""
    on: date | None = None
    until: date | None = None
    presumption_until: date | None = None
    first_until: date | None = None
    is_goodwill: bool = False
    is_refused: bool = False
    source: str = ""
    signatures: tuple[Signature, ...] = ()
