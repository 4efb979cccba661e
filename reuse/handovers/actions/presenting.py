"""What is presented at a hand-over beside the devices: a voucher, a household; looked at before, taken up after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from reuse import clock
from reuse.devices.models import Device
from reuse.handovers.actions.households import Serving, check_household, follow_household, serve_household
from reuse.handovers.actions.orders import HandoverOrder, UnderCase, check_words, refuse_cards
from reuse.handovers.actions.paper import find_slip, take_slip
from reuse.handovers.actions.vouchers import check_category, present_voucher, take_voucher
from reuse.handovers.models import Handover, PaperSlip, Voucher, WarrantyCase
from reuse.people.models import Territory
from reuse.people.rules import Caller
from reuse.reservations.models import Reservation


@dataclass(frozen=True, slots=True)
class Presented:
    """When the hand-over is, on which day of the territory, and the order as what was presented attests it."""

    at: datetime
    day: date
    order: HandoverOrder
    voucher: Voucher | None
    slip: PaperSlip | None


def look_at(
    session: Session,
    reservation: Reservation,
    workshop_id: UUID | None,
    territory: Territory,
    order: HandoverOrder,
    under: UnderCase | None,
) -> Presented:
    """Look at all that can be told without the devices: words, slip and voucher.

    A hand-over that was written on paper was when the slip says, and warranty and periods count from that day. Under a
    warranty case the person was attested when the first device was handed over.
    """
    refuse_cards(order)
    slip = find_slip(session, reservation, workshop_id, order.paper) if order.paper else None
    at = order.paper.handed_over_at if order.paper else clock.now()
    day = at.astimezone(ZoneInfo(territory.timezone)).date()
    attested, voucher = (order, None) if under else present_voucher(session, order, territory, day)
    check_words(attested, territory)
    return Presented(at, day, attested, voucher, slip)


def hold_against(
    session: Session,
    caller: Caller,
    presented: Presented,
    territory: Territory,
    devices: Sequence[Device],
    under: UnderCase | None,
) -> Serving | None:
    """Hold the devices against what was presented; returns what is written down of the household, where a rule asks."""
    check_category(presented.voucher, devices)
    return None if under else check_household(session, caller, presented.order, territory, devices, presented.day)


def take_up(
    session: Session,
    caller: Caller,
    presented: Presented,
    serving: Serving | None,
    handover: Handover,
    under: UnderCase | None,
) -> None:
    """Use up what serves once, and write the household down, now that the hand-over is entered."""
    if presented.slip is not None:
        take_slip(session, presented.slip, handover)
    if presented.voucher is not None:
        take_voucher(session, caller, presented.voucher, handover)
    if serving is not None:
        serve_household(session, caller, serving, handover)
    if under is not None:
        follow_household(session, session.get_one(WarrantyCase, under.case_id).handover_id, handover)
