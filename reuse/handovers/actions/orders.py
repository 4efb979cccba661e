"""What a hand-over is asked to be, and what can be said of that before anything is looked up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from reuse.catalogue.rules import Cap
from reuse.errors import Conflict, Fault, Invalid
from reuse.handovers.models import Handover, HandoverLine
from reuse.handovers.rules import PSEUDONYMOUS, beneficiary_faults
from reuse.handovers.rules.accessories import Accessory, kind_faults, lacking
from reuse.handovers.rules.cards import refuse_card_numbers
from reuse.jobs.models import Job
from reuse.people.models import Territory
from reuse.reservations.models import ReservationLine


@dataclass(frozen=True, slots=True)
class Payment:
    """What was paid in all, and how."""

    amount_minor: int
    currency: str
    method: str


@dataclass(frozen=True, slots=True)
class Paper:
    """On which slip the hand-over was written, and when it was, as the slip says."""

    slip: str
    handed_over_at: datetime


@dataclass(frozen=True, slots=True)
class HandoverOrder:
    """What leaves, to whom, for how much, signed by whom; without a beneficiary it goes into the network's stock.

    `accessories` None: nothing was said of them, which is not the same as none. `voucher` is the fingerprint of a
    voucher's code, `household` the keyed hash of a household; `override_reason` sets the household rule aside.
    """

    device_ids: tuple[UUID, ...]
    beneficiary: Mapping[str, Any] | None = None
    payment: Payment | None = None
    accessories: tuple[Accessory, ...] | None = None
    signature: Mapping[str, Any] | None = None
    voucher: str | None = None
    household: bytes | None = None
    override_reason: str | None = None
    paper: Paper | None = None


def refuse_cards(order: HandoverOrder) -> None:
    """Invalid where any text of it holds a card's number."""
    said = {name: getattr(order, name) for name in ("beneficiary", "override_reason")}
    said |= {name: asdict(one) for name in ("payment",) if (one := getattr(order, name)) is not None}
    said["accessories"] = [asdict(one) for one in order.accessories or ()]
    said["signature"] = {key: value for key, value in (order.signature or {}).items() if key != "drawn"}
    refuse_card_numbers(said)


@dataclass(frozen=True, slots=True)
class UnderCase:
    """Under which warranty case one device leaves: what its line says then, and the slip that stands for a receipt."""

    case_id: UUID
    case_number: str
    terms: dict[str, Any]
    order_slip: Callable[[Handover, HandoverLine], Job]


def check_words(order: HandoverOrder, territory: Territory) -> None:
    """Invalid for what must not be kept: too much of a beneficiary, accessories that are not of the list."""
    if order.beneficiary is not None and (faults := beneficiary_faults(order.beneficiary, country=territory.country)):
        raise Invalid(" ".join(fault.message for fault in faults), code="beneficiary", errors=faults)
    if faults := kind_faults(order.accessories or ()):
        raise Invalid("Some accessories are not of the coded list.", code="accessory_kind", errors=faults)


def check_payment(payment: Payment | None, lines: Sequence[ReservationLine], caps: Mapping[UUID, Cap | None]) -> None:
    """Invalid for another currency; Conflict where more was paid than the law allows for all the devices together."""
    if payment is None:
        return
    currency = lines[0].currency
    if payment.currency != currency:
        sentence = f"The prices are in {currency}, the payment in {payment.currency}."
        fault = Fault("/payment/currency", "currency_differs", sentence)
        raise Invalid(sentence, code="currency_differs", errors=(fault,))
    known = [cap.amount_minor for cap in caps.values() if cap is not None]
    if len(known) == len(lines) and payment.amount_minor > sum(known):
        raise Conflict(
            "More was paid than the legal cap of these devices allows; give back what is above it.",
            code="legal_cap",
            missing=("legal_cap",),
        )


def kept_signature(order: HandoverOrder) -> dict[str, Any] | None:
    """The signature as it is kept: a beneficiary's stands under the pseudonym, for no name is kept of one."""
    if order.signature is None:
        return None
    signed = dict(order.signature)
    if signed["role"] == PSEUDONYMOUS:
        signed["name"] = _pseudonym(order)
    return signed


def oddities(
    order: HandoverOrder,
    lines: Sequence[ReservationLine],
    sold_under_cap: Sequence[str],
    country: str,
    *,
    is_household_kept: bool,
) -> Iterator[dict[str, str]]:
    """What is odd about the hand-over and hinders nobody: told with it, and kept.

    A laptop sold under the cap without its charger is one: the cap bounds the price of a whole set, it forbids nobody
    to sell less for it; and a network may have said nothing of what was in the bag.
    """
    total = sum(line.price_minor for line in lines)
    if order.payment is not None and order.payment.amount_minor > total:
        above = order.payment.amount_minor - total
        yield _oddity("overpaid", f"{above} more (in minor units) was paid than the devices cost; give it back.")
    signed = order.signature
    if signed is not None and signed["role"] == PSEUDONYMOUS and signed["name"] != _pseudonym(order):
        sentence = "No name is kept of a beneficiary: the signature stands under the pseudonym."
        yield _oddity("signature_name", sentence)
    for kind, count in sorted(lacking(sold_under_cap, country, order.accessories or ()).items()):
        yield _oddity(
            "accessory_missing",
            f"{count} {kind} not named among the accessories: the legal cap is for equipment that comes with it. "
            "Add it, or ask less.",
        )
    if order.household is not None and not is_household_kept:
        sentence = "Your territory has no household rule for this hand-over, so nothing was kept of the household."
        yield _oddity("household_not_kept", sentence)


def _oddity(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}


def _pseudonym(order: HandoverOrder) -> str:
    return str((order.beneficiary or {}).get("pseudonym") or "—")
