"""The places where a donation waits to be fetched: said anew as a whole, each keeping its id as long as it is said."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session

from reuse import clock
from reuse.canonical import as_json
from reuse.donations.models import Donation, DonationSite
from reuse.donations.queries import sites_of
from reuse.donations.rules import DonationStatus
from reuse.errors import Conflict, Fault, Invalid


@dataclass(frozen=True, slots=True)
class SaidSite:
    """A site as somebody said it; `id` where one is meant that is known already."""

    name: str
    address: Any
    contact: Any
    access: dict[str, Any]
    slot_wishes: list[dict[str, Any]]
    id: UUID | None = None


def say_sites(session: Session, donation: Donation, sites: Sequence[SaidSite]) -> None:
    """Replace the donation's sites by these, in this order.

    A site keeps its id where the id is said, or else its name, so that who plans a round finds it again. Invalid for an
    id that is none of this donation's, or that is said twice; Conflict where a planned collection's site is left out.
    """
    known = {site.id: site for site in sites_of(session, [donation.id])[donation.id]}
    meant = _meant(sites, known)
    left_out = known.keys() - {one for one in meant if one is not None}
    if left_out and donation.status == DonationStatus.SCHEDULED:
        raise Conflict(
            "A collection of this donation is planned; its sites may be changed and added to, but none removed.",
            code="site_planned",
        )
    for site_id in left_out:
        session.delete(known[site_id])
    for place, (said, site_id) in enumerate(zip(sites, meant, strict=True)):
        facts = as_json({name: value for name, value in asdict(said).items() if name != "id"})
        site = known.get(site_id) if site_id else None
        if site is None:
            session.add(DonationSite(id=clock.new_id(), donation_id=donation.id, place=place, **facts))
        else:
            site.sqlmodel_update({**facts, "place": place})
            session.add(site)
    session.flush()


def _meant(sites: Sequence[SaidSite], known: dict[UUID, DonationSite]) -> list[UUID | None]:
    """Which known site each of these is, if any: by id, then by name among those that no id claims."""
    faults: list[Fault] = []
    claimed: set[UUID] = set()
    for place, said in enumerate(sites):
        if said.id is not None and (said.id not in known or said.id in claimed):
            sentence = "This is no site of this donation, or it is said twice; leave `id` out for a new site."
            faults.append(Fault(f"/sites/{place}/id", "unknown_site", sentence))
        elif said.id is not None:
            claimed.add(said.id)
    if faults:
        raise Invalid(faults[0].message, code="unknown_site", errors=tuple(faults))
    found: list[UUID | None] = []
    for said in sites:
        alike = (one.id for one in known.values() if one.id not in claimed and one.name == said.name)
        site_id = said.id or next(alike, None)
        if site_id is not None:
            claimed.add(site_id)
        found.append(site_id)
    return found
