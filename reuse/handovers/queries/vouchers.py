from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from reuse import clock
from reuse.handovers.models import Voucher
from reuse.handovers.rules.vouchers import VoucherState
from reuse.people.models import Territory
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller


def visible_vouchers(caller: Caller) -> ColumnElement[bool]:
    """Who issued a voucher knows of it, and the territory of all that are good there."""
    own = col(Voucher.organisation_id) == caller.organisation_id
    there = col(Voucher.territory_id) == caller.territory_id
    return sight(caller, {Activity.network: own, Activity.territory: there})


def voucher_of(session: Session, territory_id: UUID, fingerprint: str) -> Voucher | None:
    """The voucher of this code that is good in the territory, as it is now."""
    statement = select(Voucher).where(Voucher.territory_id == territory_id, Voucher.code_hmac == fingerprint)
    return session.exec(statement.execution_options(populate_existing=True)).first()


def today_in(session: Session, territory_id: UUID) -> date:
    """The day of the territory's calendar."""
    return clock.now().astimezone(ZoneInfo(session.get_one(Territory, territory_id).timezone)).date()


def stands_at(state: VoucherState, today: date) -> ColumnElement[bool]:
    """The vouchers that stand so today (rules.vouchers.state_of says it of one)."""
    used, revoked = col(Voucher.used_at).is_not(None), col(Voucher.revoked_at).is_not(None)
    over = col(Voucher.valid_until).is_not(None) & (col(Voucher.valid_until) < today)
    return {
        VoucherState.USED: used,
        VoucherState.REVOKED: ~used & revoked,
        VoucherState.EXPIRED: ~used & ~revoked & over,
        VoucherState.OPEN: ~used & ~revoked & ~over,
    }[state]
