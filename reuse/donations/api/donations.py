from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.donations.actions.moves import ask_move, assign_donation
from reuse.donations.actions.register import SaidLine, edit_donation, register_donation
from reuse.donations.api.shapes import (
    AssignmentIn,
    DeclaredLineShape,
    DonationChange,
    DonationIn,
    DonationMove,
    DonationShape,
    LineShape,
)
from reuse.donations.models import Donation, DonationLine
from reuse.donations.queries import donation_for, lines_of, visible_donations
from reuse.people.rules import Caller
from reuse.web import Page, door, page_of


def donation_shape(donation: Donation, lines: list[DonationLine]) -> DonationShape:
    """The donation as all who may see it see it."""
    told = [
        DeclaredLineShape(
            category=line.category,
            quantity=line.declared if line.quantity is None else line.quantity,
            description=line.description,
            declared=line.declared,
        )
        for line in lines
    ]
    facts = donation.model_dump(include=set(DonationShape.model_fields) - {"lines"})
    return DonationShape.model_validate({**facts, "lines": told})


def _shown(session: Session, donation: Donation) -> DonationShape:
    session.flush()
    return donation_shape(donation, lines_of(session, [donation.id])[donation.id])


def _said(lines: list[LineShape]) -> list[SaidLine]:
    return [SaidLine(line.category, line.quantity, line.description) for line in lines]


@door("POST", "/v1/donations", status=201)
def create_donation(session: Session, caller: Caller, data: JSONBody[DonationIn]) -> DonationShape:
    """Register a donation, as its donor or as a workshop's lead for a donor; it begins as a draft."""
    facts = data.model_dump(exclude={"donor_id", "workshop_id", "lines"})
    where = {"donor_id": data.donor_id, "workshop_id": data.workshop_id}
    return _shown(session, register_donation(session, caller, **where, lines=_said(data.lines), **facts))


@door("GET", "/v1/donations")
def list_donations(
    session: Session,
    caller: Caller,
    status: FromQuery[str | None] = None,
    donor_id: FromQuery[UUID | None] = None,
    workshop_id: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[DonationShape]:
    """The donations that the caller may see, oldest first."""
    statement = select(Donation).where(visible_donations(caller))
    for column, value in (
        (Donation.status, status),
        (Donation.donor_id, donor_id),
        (Donation.workshop_id, workshop_id),
    ):
        statement = statement.where(col(column) == value) if value else statement
    cut = cut_page(session, statement, col(Donation.id), limit=limit, cursor=cursor)
    lines = lines_of(session, [donation.id for donation in cut.rows])
    return page_of(cut, lambda donation: donation_shape(donation, lines[donation.id]))


@door("GET", "/v1/donations/{donation_id:uuid}")
def show_donation(session: Session, caller: Caller, donation_id: FromPath[UUID]) -> DonationShape:
    """One donation."""
    return _shown(session, donation_for(session, caller, donation_id))


@door("PATCH", "/v1/donations/{donation_id:uuid}")
def change_donation(
    session: Session,
    caller: Caller,
    if_match: int | None,
    donation_id: FromPath[UUID],
    data: JSONBody[DonationChange],
) -> DonationShape:
    """Change a draft or submitted donation; fields that are left out stay, `lines` replaces all lines."""
    donation = donation_for(session, caller, donation_id)
    facts = data.model_dump(exclude_unset=True, exclude={"lines"})
    lines = _said(data.lines) if "lines" in data.model_fields_set else None
    return _shown(session, edit_donation(session, caller, donation, lines=lines, version=if_match, **facts))


@door("POST", "/v1/donations/{donation_id:uuid}/assignment", status=200)
def assign(
    session: Session, caller: Caller, if_match: int | None, donation_id: FromPath[UUID], data: JSONBody[AssignmentIn]
) -> DonationShape:
    """Give the donation to a workshop, which then accepts or declines it."""
    donation = donation_for(session, caller, donation_id)
    return _shown(session, assign_donation(session, caller, donation, workshop_id=data.workshop_id, version=if_match))


@door("POST", "/v1/donations/{donation_id:uuid}/moves", status=200)
def move(
    session: Session, caller: Caller, if_match: int | None, donation_id: FromPath[UUID], data: JSONBody[DonationMove]
) -> DonationShape:
    """Submit, accept, decline, cancel or close a donation."""
    donation = donation_for(session, caller, donation_id)
    return _shown(session, ask_move(session, caller, donation, to=data.to, reason=data.reason, version=if_match))


doors = [create_donation, list_donations, show_donation, change_donation, assign, move]
