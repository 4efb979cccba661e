"""Vouchers: a prescriber attests eligibility, and a hand-over takes the voucher exactly once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlmodel import Session, col, update

from reuse import clock
from reuse.devices.models import Device
from reuse.errors import Conflict, Fault, Invalid
from reuse.handovers.actions.orders import HandoverOrder
from reuse.handovers.models import Handover, Voucher
from reuse.handovers.queries.vouchers import today_in, visible_vouchers, voucher_of
from reuse.handovers.rules import words_fault
from reuse.handovers.rules.cards import refuse_card_numbers
from reuse.handovers.rules.vouchers import VoucherState, code_of, fingerprint_of, state_of
from reuse.history.actions import record
from reuse.jobs.actions import enqueue
from reuse.jobs.models import Job
from reuse.lookup import the_one
from reuse.people.models import Territory
from reuse.people.rules import Caller, Role, require_role


@dataclass(frozen=True, slots=True)
class Issued:
    """A batch of vouchers with their codes, which are shown this once, and the job that prints them."""

    vouchers: Sequence[Voucher]
    codes: Sequence[str]
    sheet: Job


def _check_words(session: Session, caller: Caller, prescriber: str, valid_until: date | None) -> None:
    refuse_card_numbers({"prescriber": prescriber})
    if (sentence := words_fault(prescriber)) is not None:
        raise Invalid(sentence, code="prescriber_shape", errors=(Fault("/prescriber", "prescriber_shape", sentence),))
    if valid_until is not None and valid_until < today_in(session, caller.territory_id):
        sentence = "The last day of these vouchers is past already."
        raise Invalid(sentence, code="voucher_expired", errors=(Fault("/valid_until", "past", sentence),))


def issue_vouchers(
    session: Session,
    caller: Caller,
    secret: bytes,
    *,
    prescriber: str,
    quantity: int,
    category: str | None = None,
    valid_until: date | None = None,
) -> Issued:
    """Issue vouchers for a prescriber of the caller's territory, and have them printed.

    Invalid for a prescriber that no hand-over would keep, and for a last day that is past already. No code is kept:
    each is made anew of the secret, to be printed.
    """
    require_role(caller, Role.network, Role.territory)
    _check_words(session, caller, prescriber, valid_until)
    now, batch_id = clock.now(), clock.new_id()
    ids = [clock.new_id() for _ in range(quantity)]
    codes = [code_of(secret, one) for one in ids]
    vouchers = [
        Voucher(
            id=one,
            batch_id=batch_id,
            territory_id=caller.territory_id,
            organisation_id=caller.organisation_id,
            prescriber=prescriber,
            category=category,
            valid_until=valid_until,
            code_hmac=fingerprint_of(secret, code),
            person=caller.person,
            created_at=now,
        )
        for one, code in zip(ids, codes, strict=True)
    ]
    session.add_all(vouchers)
    session.flush()
    what = {"prescriber": prescriber, "quantity": quantity, "category": category, "valid_until": valid_until}
    record(session, caller.actor, thing="voucher_batch", thing_id=batch_id, verb="issued", data=what)
    sheet = enqueue(session, "vouchers.print", actor=caller.actor, payload={"batch_id": batch_id})
    return Issued(vouchers, codes, sheet)


def revoke_voucher(
    session: Session, caller: Caller, voucher_id: UUID, *, reason: str, whole_batch: bool = False
) -> Voucher:
    """Let a voucher count no more, or with it all of its batch that are not used; by who issued it or the territory.

    Conflict `voucher_used` or `voucher_revoked` where it is too late.
    """
    require_role(caller, Role.network, Role.territory)
    refuse_card_numbers({"reason": reason})
    voucher = the_one(session, Voucher, voucher_id, visible_vouchers(caller), "voucher")
    which = col(Voucher.batch_id) == voucher.batch_id if whole_batch else col(Voucher.id) == voucher.id
    done = session.exec(
        update(Voucher)
        .where(which, col(Voucher.used_at).is_(None), col(Voucher.revoked_at).is_(None))
        .values(revoked_at=clock.now(), revoked_reason=reason)
        .execution_options(synchronize_session=False)
    )
    session.refresh(voucher)
    if done.rowcount == 0:
        raise _refusal(VoucherState.USED if voucher.used_at is not None else VoucherState.REVOKED)
    what = {"reason": reason, "revoked": done.rowcount}
    record(session, caller.actor, thing="voucher_batch", thing_id=voucher.batch_id, verb="revoked", data=what)
    return voucher


def present_voucher(
    session: Session, order: HandoverOrder, territory: Territory, day: date
) -> tuple[HandoverOrder, Voucher | None]:
    """The order as its voucher attests it: for a person, eligible, sent by the prescriber.

    Conflict `voucher_…` where it does not count; `voucher_required` where the territory asks persons for one. Invalid
    where another prescriber is named.
    """
    if order.voucher is None:
        if order.beneficiary is not None and territory.voucher_required:
            sentence = "Your territory hands over to persons with a prescriber's voucher only: send its code."
            raise Conflict(sentence, code="voucher_required", missing=("voucher",))
        return order, None
    voucher = voucher_of(session, territory.id, order.voucher)
    if voucher is None:
        raise Conflict("Nobody issued this voucher here; look at its code again.", code="voucher_unknown")
    _check(voucher, day)
    said = order.beneficiary or {}
    if said.get("prescriber") not in {None, voucher.prescriber}:
        sentence = f"This voucher is from {voucher.prescriber}; leave the prescriber out."
        fault = Fault("/beneficiary/prescriber", "prescriber_differs", sentence)
        raise Invalid(sentence, code="prescriber_differs", errors=(fault,))
    return replace(order, beneficiary={"eligible": True, **said, "prescriber": voucher.prescriber}), voucher


def check_category(voucher: Voucher | None, devices: Sequence[Device]) -> None:
    """Conflict `voucher_category` for a device of another category than the voucher's, and of no bundle with one."""
    if voucher is None or voucher.category is None:
        return
    bundles = {one.bundle_id for one in devices if one.category == voucher.category and one.bundle_id is not None}
    others = [one for one in devices if one.category != voucher.category and one.bundle_id not in bundles]
    if others:
        names = ", ".join(f"{one.id} ({one.category})" for one in others)
        sentence = f"This voucher is for a {voucher.category}, not for {names}."
        raise Conflict(sentence, code="voucher_category", missing=("voucher",))


def take_voucher(session: Session, caller: Caller, voucher: Voucher, handover: Handover) -> None:
    """Use the voucher up for this hand-over; of two that take it at once, the second gets the Conflict."""
    taken = session.exec(
        update(Voucher)
        .where(col(Voucher.id) == voucher.id, col(Voucher.used_at).is_(None), col(Voucher.revoked_at).is_(None))
        .values(used_at=clock.now(), handover_id=handover.id)
        .execution_options(synchronize_session=False)
    )
    session.refresh(voucher)
    if taken.rowcount != 1:
        _check(voucher, handover.at.date())
    what = {"voucher_id": voucher.id, "handover_id": handover.id}
    record(session, caller.actor, thing="voucher_batch", thing_id=voucher.batch_id, verb="used", data=what)


def _check(voucher: Voucher, day: date) -> None:
    state = state_of(
        is_used=voucher.used_at is not None,
        is_revoked=voucher.revoked_at is not None,
        valid_until=voucher.valid_until,
        today=day,
    )
    if state is not VoucherState.OPEN:
        raise _refusal(state)


def _refusal(state: VoucherState) -> Conflict:
    if state is VoucherState.USED:
        sentence = "This voucher was used already; ask the prescriber for another."
        return Conflict(sentence, code="voucher_used", missing=("voucher",))
    if state is VoucherState.REVOKED:
        sentence = "This voucher was revoked; ask the prescriber for another."
        return Conflict(sentence, code="voucher_revoked", missing=("voucher",))
    sentence = "This voucher is past its last day; ask the prescriber for another."
    return Conflict(sentence, code="voucher_expired", missing=("voucher",))
