from uuid import UUID

from litestar.params import FromPath, FromQuery
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.people.models import Organisation
from reuse.people.queries import known_organisation, organisation, visible_organisations
from reuse.people.rules import Caller
from reuse.web import Page, Shape, door, page_of


class OrganisationShape(Shape):
    """An organisation of the loop."""

    id: UUID
    name: str
    activities: list[str]
    legal_form: str
    quality: str | None
    country: str
    siret: str | None
    territory_id: UUID


class MeShape(Shape):
    """What the key used stands for."""

    organisation: OrganisationShape
    roles: list[str]
    person: str | None


def organisation_shape(one: Organisation) -> OrganisationShape:
    """The organisation as others of its territory see it."""
    return OrganisationShape.model_validate(one.model_dump(exclude={"created_at"}))


@door("GET", "/v1/me")
def show_me(session: Session, caller: Caller) -> MeShape:
    """The key's organisation and roles."""
    return MeShape(
        organisation=organisation_shape(organisation(session, caller.organisation_id)),
        roles=sorted(caller.roles),
        person=caller.person,
    )


@door("GET", "/v1/organisations")
def list_organisations(
    session: Session, caller: Caller, limit: FromQuery[int] = 50, cursor: FromQuery[str | None] = None
) -> Page[OrganisationShape]:
    """The organisations of the caller's territory."""
    statement = select(Organisation).where(visible_organisations(caller))
    return page_of(cut_page(session, statement, col(Organisation.id), limit=limit, cursor=cursor), organisation_shape)


@door("GET", "/v1/organisations/{organisation_id:uuid}")
def show_organisation(session: Session, caller: Caller, organisation_id: FromPath[UUID]) -> OrganisationShape:
    """One organisation of the caller's territory."""
    return organisation_shape(known_organisation(session, caller, organisation_id))


doors = [show_me, list_organisations, show_organisation]
