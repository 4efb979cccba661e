"""Donations as they are shown: the row and all that hangs on it, asked for once for a whole page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from reuse import clock
from reuse.devices.rules import media_policy
from reuse.donations.api.plans import load_shape
from reuse.donations.api.shapes.giving import (
    DeclaredLineShape,
    DonationShape,
    MediaCounts,
    OverAge,
    ReceptionShape,
    RefusedShape,
    SiteShape,
)
from reuse.donations.models import Donation, DonationLine, DonationSite, LineRefusal
from reuse.donations.queries import lines_of, load_of_lines, older_than, refusals_of, sites_of
from reuse.donations.rules import DonationTemplate, ReceptionState, missing_declarations, oldest_year, template_for
from reuse.people.models import Territory

OWN = ("lines", "load", "sites", "media", "over_age", "missing_declarations", "reception")


@dataclass(frozen=True)
class _Hangings:
    """What hangs on the donations of one page."""

    lines: dict[UUID, list[DonationLine]]
    refusals: dict[UUID, list[LineRefusal]]
    sites: dict[UUID, list[DonationSite]]
    templates: dict[UUID, DonationTemplate]
    over_age: Counter[UUID]


def donation_shapes(session: Session, donations: Sequence[Donation]) -> dict[UUID, DonationShape]:
    """Donations as all who may see them see them, by id."""
    session.flush()
    ids = [donation.id for donation in donations]
    places = {one.id: session.get_one(Territory, one.territory_id) for one in donations}
    templates = {one.id: template_for(places[one.id].country, one.legal_basis) for one in donations}
    years = {one.id: clock.now().astimezone(ZoneInfo(places[one.id].timezone)).year for one in donations}
    oldest = {one: oldest_year(template, years[one]) for one, template in templates.items()}
    hangings = _Hangings(
        lines_of(session, ids),
        refusals_of(session, ids),
        sites_of(session, ids),
        templates,
        older_than(session, {one: year for one, year in oldest.items() if year is not None}),
    )
    return {donation.id: _shape(donation, hangings) for donation in donations}


def _shape(donation: Donation, hangings: _Hangings) -> DonationShape:
    template = hangings.templates[donation.id]
    lines = [_line(line, hangings.refusals.get(line.id, [])) for line in hangings.lines[donation.id]]
    media: Counter[str] = Counter()
    for line in lines:
        media[line.media] += line.declared
    limit = template.age_limit
    facts = donation.model_dump(include=set(DonationShape.model_fields) - set(OWN))
    return DonationShape.model_validate(
        {
            **facts,
            "lines": lines,
            "load": load_shape(load_of_lines(hangings.lines[donation.id])),
            "media": MediaCounts(always=media["always"], possible=media["possible"], never=media["never"]),
            "over_age": OverAge(years=limit["years"], devices=hangings.over_age[donation.id]) if limit else None,
            "missing_declarations": list(missing_declarations(template, donation.declarations)),
            "reception": _reception(donation),
            "sites": [
                SiteShape.model_validate(site.model_dump(include=set(SiteShape.model_fields)))
                for site in hangings.sites[donation.id]
            ],
        }
    )


def _reception(donation: Donation) -> ReceptionShape | None:
    """Null while nothing has come."""
    if not donation.reconciliation_version:
        return None
    state = ReceptionState.OPEN if donation.agreed_at is None else ReceptionState.AGREED
    return ReceptionShape(state=state, version=donation.reconciliation_version, agreed_at=donation.agreed_at)


def _line(line: DonationLine, refusals: Sequence[LineRefusal]) -> DeclaredLineShape:
    refused = sum(one.quantity for one in refusals)
    return DeclaredLineShape(
        category=line.category,
        quantity=line.declared + refused if line.quantity is None else line.quantity,
        description=line.description,
        declared=line.declared,
        media=media_policy(line.category),
        refused=[RefusedShape(quantity=one.quantity, reason=one.reason, device_id=one.device_id) for one in refusals],
    )
