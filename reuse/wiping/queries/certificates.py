from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from reuse.lookup import the_one
from reuse.people.models import Organisation
from reuse.people.queries import organisation, sight
from reuse.people.rules import Activity, Caller
from reuse.wiping.models import Certificate, Sanitization

CERTIFIED = ("erased", "destroyed")
"""Outcomes that a certificate attests; a removed medium is still somebody's, an absent one never was."""


def visible_certificates(caller: Caller) -> ColumnElement[bool]:
    """The workshop that issued it, the donor whose device it was, the territory; networks and carriers see none."""
    own = col(Certificate.organisation_id) == caller.organisation_id
    return sight(
        caller,
        {
            Activity.workshop: own,
            Activity.donor: col(Certificate.donor_id) == caller.organisation_id,
            Activity.territory: col(Certificate.territory_id) == caller.territory_id,
        },
    )


def certificate_for(session: Session, caller: Caller, certificate_id: UUID) -> Certificate:
    """The certificate, if the caller may see it; NotFound otherwise."""
    return the_one(session, Certificate, certificate_id, visible_certificates(caller), "certificate")


def certificate_by_token(session: Session, token: str) -> Certificate | None:
    """The certificate that a printed address leads to."""
    return session.exec(select(Certificate).where(Certificate.token == token)).first()


def acceptance(session: Session, sanitization_id: UUID) -> tuple[Organisation, list[UUID]]:
    """The workshop that accepted, and the media that get a certificate each, in their order in the acceptance."""
    sanitization = session.get_one(Sanitization, sanitization_id)
    media = [UUID(one["medium_id"]) for one in sanitization.media if one["outcome"] in CERTIFIED]
    return organisation(session, sanitization.organisation_id), media


def numbers_of(session: Session, ids: set[UUID]) -> dict[UUID, str]:
    """Numbers by certificate id."""
    found = session.exec(select(Certificate.id, Certificate.number).where(col(Certificate.id).in_(ids)))
    return dict(found.all())
