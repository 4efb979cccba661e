from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlmodel import Session

from reuse.catalogue.api.offering import LegalCapShape
from reuse.catalogue.rules import HIGHEST_AMOUNT
from reuse.devices.api.inputs import Line, Reason
from reuse.devices.api.shapes import MoneyShape
from reuse.donations.api.shapes.collecting import InkShape
from reuse.handovers.actions.orders import HandoverOrder, Paper, Payment
from reuse.handovers.models import Handover, HandoverLine
from reuse.handovers.queries import contacts_until, lines_of, receipts_of
from reuse.handovers.rules.accessories import Accessory
from reuse.handovers.rules.households import recognised
from reuse.handovers.rules.vouchers import fingerprint_of
from reuse.house import House
from reuse.sealing import household_key
from reuse.shapes import Instant
from reuse.web import Shape


class BeneficiaryShape(Shape):
    """What is kept of a beneficiary: no name, no papers, no income.

    `eligible` is attested with true, and not kept; a voucher attests it in its place.
    """

    pseudonym: str | None = None
    commune_insee: str | None = None
    qpv: str | bool | None = None
    age_band: str | None = None
    prescriber: str | None = None
    eligible: bool | None = None


class KeptBeneficiaryShape(Shape):
    """What was kept of a beneficiary."""

    pseudonym: str | None
    commune_insee: str | None
    qpv: str | None
    age_band: str | None
    prescriber: str | None


class PaymentShape(Shape):
    """What was paid in all, in minor units, and how: cash, card, transfer, cheque, or in your words."""

    amount_minor: Annotated[int, Field(ge=0, le=HIGHEST_AMOUNT)]
    currency: Annotated[str, Field(min_length=3, max_length=3)]
    method: Annotated[Line, Field(max_length=40)]


class AccessoryShape(Shape):
    """What goes along: one of the coded list of accessories (charger, power_cable, keyboard, mouse …), and how many."""

    kind: Annotated[Line, Field(max_length=40)]
    quantity: Annotated[int, Field(ge=1, le=1_000)] = 1
    serial: Line | None = None


class SigningShape(InkShape):
    """Who signs for the devices, typed, or drawn as at a pick-up; a beneficiary signs under the pseudonym."""

    role: Annotated[Line, Field(max_length=40)] = "network"
    name: Line


class ContactInput(Shape):
    """How to reach the person under warranty, kept sealed until its last day, or until an earlier one; no name."""

    phone: str | None = None
    email: str | None = None
    words: str | None = None
    until: date | None = None

    @property
    def ways(self) -> dict[str, str]:
        """The ways that were given."""
        return self.model_dump(include={"phone", "email", "words"}, exclude_none=True)


class PaperShape(Shape):
    """A hand-over that was written on a slip: its number, or what its QR code holds, and the time that stands on it."""

    slip: Annotated[str, Field(min_length=1, max_length=200)]
    handed_over_at: Instant


class HandoverInput(Shape):
    """Which reserved devices leave; without a beneficiary they go into the network's own stock.

    `voucher` is the code of a prescriber's voucher, which attests that the person is eligible. `household` (an address,
    a file number: the same each time) is kept as a keyed hash alone, where the territory has a rule for households;
    `override_reason` is a lead's, who sets that rule aside.
    """

    device_ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]
    beneficiary: BeneficiaryShape | None = None
    payment: PaymentShape | None = None
    accessories: Annotated[list[AccessoryShape] | None, Field(max_length=100)] = None
    signature: SigningShape | Line | None = None
    contact: ContactInput | None = None
    voucher: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    household: Annotated[str | None, Field(min_length=3, max_length=300)] = None
    override_reason: Reason | None = None
    paper: PaperShape | None = None


class HandoverLineShape(Shape):
    """A device that left; `refurbished` where the law allows the word, `returned_at` once it came back.

    Until `presumption_until` a defect is presumed to have been there at hand-over. `case_id` is the warranty case under
    which it left: repaired, or in the place of another.
    """

    device_id: UUID
    price: MoneyShape
    legal_cap: LegalCapShape | None
    refurbished: bool
    warranty_until: date | None
    presumption_until: date | None
    case_id: UUID | None
    returned_at: datetime | None
    return_reason: str | None


class SignedShape(Shape):
    """Who signed, in which role, and whether with a finger; the receipt shows what was drawn."""

    role: str
    name: str
    is_drawn: bool


class WarningShape(Shape):
    """What is odd about a hand-over that was done all the same."""

    code: str
    message: str


class HandoverShape(Shape):
    """A hand-over; its receipt is printed by `receipt_job` and is then `receipt_document_id`.

    `at` is when the devices left: for one that was written on the slip `slip_number`, as that says; `recorded_at` is
    when it was entered. `due` is what is still to be paid of the total, null where nothing was said of a payment;
    `accessories` is null where nothing was said of them.
    A sealed contact is kept until the end of `contact_until`; what was personal was forgotten at `forgotten_at`.
    """

    id: UUID
    number: str
    kind: str
    reservation_id: UUID
    network_id: UUID
    workshop_id: UUID
    at: datetime
    recorded_at: datetime
    slip_number: str | None
    lines: list[HandoverLineShape]
    total: MoneyShape
    paid: MoneyShape | None
    due: MoneyShape | None
    payment_method: str | None
    accessories: list[AccessoryShape] | None
    beneficiary: KeptBeneficiaryShape | None
    signature: SignedShape | None
    warnings: list[WarningShape]
    receipt_job: UUID
    receipt_document_id: UUID | None
    contact_until: date | None
    forgotten_at: datetime | None


def order_of(data: HandoverInput, house: House) -> HandoverOrder:
    """What is asked for, as the action takes it."""
    about: dict[str, Any] | None = None
    if data.beneficiary is not None:
        about = data.beneficiary.model_dump(exclude_none=True)
        if isinstance(about.get("qpv"), bool):
            about["qpv"] = "yes" if about["qpv"] else "no"
    signature = SigningShape(name=data.signature) if isinstance(data.signature, str) else data.signature
    told = data.accessories
    return HandoverOrder(
        device_ids=tuple(data.device_ids),
        beneficiary=about,
        payment=Payment(**data.payment.model_dump()) if data.payment else None,
        accessories=None if told is None else tuple(Accessory(**one.model_dump()) for one in told),
        signature=signature.model_dump() if signature else None,
        voucher=None if data.voucher is None else fingerprint_of(house.secret_key, data.voucher),
        household=None if data.household is None else recognised(household_key(house.settings), data.household),
        override_reason=data.override_reason,
        paper=None if data.paper is None else Paper(**data.paper.model_dump()),
    )


def _line_shape(line: HandoverLine) -> HandoverLineShape:
    cap = line.legal_cap_minor
    plain = line.model_dump(include=set(HandoverLineShape.model_fields))
    return HandoverLineShape(
        **plain,
        price=MoneyShape(amount_minor=line.price_minor, currency=line.currency),
        legal_cap=None
        if cap is None
        else LegalCapShape(amount_minor=cap, currency=line.currency, source=line.cap_source or ""),
    )


def handover_shapes(session: Session, rows: Sequence[Handover]) -> list[HandoverShape]:
    """The hand-overs with their lines and, once printed, their receipts."""
    ids = [row.id for row in rows]
    lines, receipts, reached = lines_of(session, ids), receipts_of(session, ids), contacts_until(session, ids)
    return [_shape(row, lines[row.id], receipts.get(row.id), reached.get(row.id)) for row in rows]


def _signed_shape(signed: dict[str, Any]) -> SignedShape:
    return SignedShape(role=signed["role"], name=signed["name"], is_drawn=bool(signed.get("drawn")))


def _shape(
    row: Handover, lines: Sequence[HandoverLine], receipt: UUID | None, contact_until: date | None
) -> HandoverShape:
    def money(amount_minor: int) -> MoneyShape:
        return MoneyShape(amount_minor=amount_minor, currency=row.currency)

    about = {name: getattr(row, f"beneficiary_{name}") for name in KeptBeneficiaryShape.model_fields}
    paid, signed = row.paid_minor, row.signature
    known = row.model_dump(include=set(HandoverShape.model_fields) - {"signature"})
    return HandoverShape(
        **known,
        lines=[_line_shape(line) for line in lines],
        total=money(row.total_minor),
        paid=None if paid is None else money(paid),
        due=None if paid is None else money(max(row.total_minor - paid, 0)),
        beneficiary=KeptBeneficiaryShape(**about) if row.kind == "person" else None,
        signature=None if signed is None else _signed_shape(signed),
        receipt_job=row.receipt_job_id,
        receipt_document_id=receipt,
        contact_until=contact_until,
    )
