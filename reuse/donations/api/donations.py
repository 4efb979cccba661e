from datetime import UTC
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.donations.actions.moves import ask_move, assign_donation
from reuse.donations.actions.refusals import SaidRefusal
from reuse.donations.actions.register import SaidLine, edit_donation, register_donation
from reuse.donations.actions.sites import SaidSite
from reuse.donations.api.shapes import (
    AssignmentIn,
    DonationChange,
    DonationIn,
    DonationMove,
    DonationShape,
    LineShape,
    SiteIn,
)
from reuse.donations.api.shapes.shown import donation_shapes
from reuse.donations.models import Donation
from reuse.donations.queries import donation_for, visible_donations
from reuse.people.rules import Caller
from reuse.web import Page, door, page_of


def _shown(session: Session, donation: Donation) -> DonationShape:
    return donation_shapes(session, [donation])[donation.id]


def _places(sites: list[SiteIn]) -> list[SaidSite]:
    return [
        SaidSite(
            site.name,
            site.address,
            site.contact,
            site.access.model_dump(exclude_none=True),
            [{"from": wish.since.astimezone(UTC), "to": wish.until.astimezone(UTC)} for wish in site.slot_wishes],
            site.id,
        )
        for site in sites
    ]


def _said(lines: list[LineShape]) -> list[SaidLine]:
    return [SaidLine(line.category, line.quantity, line.description) for line in lines]


@door("POST", "/v1/donations", status=201)
def create_donation(session: Session, caller: Caller, data: JSONBody[DonationIn]) -> DonationShape:
    """Register a donation, as its donor or as a workshop's lead for a donor; it begins as a draft."""
    facts = data.model_dump(exclude={"lines", "sites"})
    said = {"lines": _said(data.lines), "sites": _places(data.sites)}
    return _shown(session, register_donation(session, caller, **said, **facts))


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
    shapes = donation_shapes(session, cut.rows)
    return page_of(cut, lambda donation: shapes[donation.id])


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
    facts = data.model_dump(exclude_unset=True, exclude={"lines", "sites"})
    lines = _said(data.lines) if "lines" in data.model_fields_set else None
    sites = _places(data.sites) if "sites" in data.model_fields_set else None
    edit_donation(session, caller, donation, lines=lines, sites=sites, version=if_match, **facts)
    return _shown(session, donation)


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
    """Submit, accept (in whole or in part), decline, cancel or close a donation."""
    donation = donation_for(session, caller, donation_id)
    refused = [SaidRefusal(**dict(one)) for one in data.refused]
    ask_move(session, caller, donation, to=data.to, reason=data.reason, refused=refused, version=if_match)
    return _shown(session, donation)


doors = [create_donation, list_donations, show_donation, change_donation, assign, move]
