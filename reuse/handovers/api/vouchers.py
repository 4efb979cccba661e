from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.devices.api.inputs import Line, Reason
from reuse.donations.api.shapes import Category
from reuse.handovers.actions.vouchers import issue_vouchers, revoke_voucher
from reuse.handovers.models import Handover, Voucher
from reuse.handovers.queries import visible_handovers
from reuse.handovers.queries.vouchers import stands_at, today_in, visible_vouchers
from reuse.handovers.rules.vouchers import VoucherState, state_of
from reuse.house import House
from reuse.people.rules import Caller
from reuse.web import Page, Shape, door, page_of

MOST = 100


class VouchersInput(Shape):
    """How many vouchers a prescriber gets, for a device of one category or of any, good until which day."""

    prescriber: Annotated[Line, Field(max_length=80)]
    quantity: Annotated[int, Field(ge=1, le=MOST)] = 1
    category: Category | None = None
    valid_until: date | None = None


class IssuedVoucherShape(Shape):
    """A voucher with its code, which is shown this once."""

    id: UUID
    code: str


class IssuedShape(Shape):
    """Vouchers just issued: give the codes out now, they are not kept; `sheet_job` prints them, to be cut."""

    batch_id: UUID
    prescriber: str
    category: str | None
    valid_until: date | None
    vouchers: list[IssuedVoucherShape]
    sheet_job: UUID


class VoucherShape(Shape):
    """A voucher without its code; `status` is open, used, expired or revoked.

    `handover_id` is what took it, where the caller may know of that.
    """

    id: UUID
    batch_id: UUID
    organisation_id: UUID
    prescriber: str
    category: str | None
    valid_until: date | None
    status: VoucherState
    created_at: datetime
    used_at: datetime | None
    handover_id: UUID | None
    revoked_at: datetime | None
    revoked_reason: str | None


class RevocationInput(Shape):
    """Why a voucher counts no more, or all of its batch that are not used."""

    reason: Reason
    whole_batch: bool = False


def _shapes(session: Session, caller: Caller, rows: Sequence[Voucher]) -> dict[UUID, VoucherShape]:
    taken_by = [row.handover_id for row in rows if row.handover_id is not None]
    seen = set(session.exec(select(Handover.id).where(col(Handover.id).in_(taken_by), visible_handovers(caller))))
    today = {one: today_in(session, one) for one in {row.territory_id for row in rows}}
    return {
        row.id: VoucherShape(
            **row.model_dump(include=set(VoucherShape.model_fields) - {"handover_id"}),
            handover_id=row.handover_id if row.handover_id in seen else None,
            status=state_of(
                is_used=row.used_at is not None,
                is_revoked=row.revoked_at is not None,
                valid_until=row.valid_until,
                today=today[row.territory_id],
            ),
        )
        for row in rows
    }


@door("POST", "/v1/vouchers", status=201, seals_answer=True, tags=["handovers"])
def issue_some_vouchers(session: Session, caller: Caller, house: House, data: JSONBody[VouchersInput]) -> IssuedShape:
    """Issue one-time vouchers with which a prescriber attests that somebody is eligible; codes are shown this once."""
    issued = issue_vouchers(session, caller, house.secret_key, **data.model_dump())
    first = issued.vouchers[0]
    return IssuedShape(
        **first.model_dump(include={"batch_id", "prescriber", "category", "valid_until"}),
        vouchers=[
            IssuedVoucherShape(id=one.id, code=code) for one, code in zip(issued.vouchers, issued.codes, strict=True)
        ],
        sheet_job=issued.sheet.id,
    )


@door("GET", "/v1/vouchers", tags=["handovers"])
def list_vouchers(
    session: Session,
    caller: Caller,
    status: FromQuery[VoucherState | None] = None,
    batch_id: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[VoucherShape]:
    """Vouchers that the caller issued, or that are good in its territory, oldest first, without their codes."""
    statement = select(Voucher).where(visible_vouchers(caller))
    if status is not None:
        statement = statement.where(stands_at(status, today_in(session, caller.territory_id)))
    if batch_id is not None:
        statement = statement.where(Voucher.batch_id == batch_id)
    cut = cut_page(session, statement, col(Voucher.id), limit=limit, cursor=cursor)
    shapes = _shapes(session, caller, cut.rows)
    return page_of(cut, lambda row: shapes[row.id])


@door("POST", "/v1/vouchers/{voucher_id:uuid}/revocation", tags=["handovers"])
def revoke_a_voucher(
    session: Session, caller: Caller, voucher_id: FromPath[UUID], data: JSONBody[RevocationInput]
) -> VoucherShape:
    """Let a voucher count no more, or with it all of its batch that are not used; those that are used stay so."""
    voucher = revoke_voucher(session, caller, voucher_id, **data.model_dump())
    return _shapes(session, caller, [voucher])[voucher.id]


doors = [issue_some_vouchers, list_vouchers, revoke_a_voucher]
