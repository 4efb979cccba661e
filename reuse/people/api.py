from datetime import datetime
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.history.queries import history_of
from reuse.people.actions import change_policy
from reuse.people.models import Organisation, Territory
from reuse.people.queries import known_organisation, known_territory, organisation, visible_organisations
from reuse.people.rules import Caller
from reuse.web import Page, Shape, door, page_of


class OrganisationShape(Shape):
    """An organisation of the loop; `privacy_contact` is whom persons may turn to about their data."""

    id: UUID
    name: str
    activities: list[str]
    legal_form: str
    quality: str | None
    country: str
    siret: str | None
    territory_id: UUID
    privacy_contact: str | None


class PolicyChangeShape(Shape):
    """One change of a territory's policy."""

    at: datetime
    by: str | None
    before: dict[str, bool]
    after: dict[str, bool]


class PolicyShape(Shape):
    """What a territory demands of an erasure before somebody may accept it, and how that came to be, oldest first."""

    territory_id: UUID
    version: int
    accepts_not_verified: bool
    two_persons: bool
    changes: list[PolicyChangeShape]


class PolicyInput(Shape):
    """What the territory decides anew; what is left out stays.

    `accepts_not_verified`: a wipe that its tool did not verify counts, and its certificate says so. `two_persons`: who
    wiped or destroyed a medium cannot accept its device.
    """

    accepts_not_verified: bool = False
    two_persons: bool = False


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


def _policy_shape(session: Session, territory: Territory) -> PolicyShape:
    changes = [
        PolicyChangeShape(at=one.recorded_at, by=one.person, before=one.data["from"], after=one.data["to"])
        for one in history_of(session, "territory", territory.id)
        if one.verb == "policy_changed"
    ]
    return PolicyShape(
        territory_id=territory.id,
        version=territory.policy_version,
        accepts_not_verified=territory.accepts_not_verified,
        two_persons=territory.two_persons,
        changes=changes,
    )


@door("GET", "/v1/territories/{territory_id:uuid}/policy")
def show_policy(session: Session, caller: Caller, territory_id: FromPath[UUID]) -> PolicyShape:
    """What the territory demands of an erasure, for everybody in it."""
    return _policy_shape(session, known_territory(session, caller, territory_id))


@door("PATCH", "/v1/territories/{territory_id:uuid}/policy")
def decide_policy(
    session: Session,
    caller: Caller,
    if_match: int | None,
    territory_id: FromPath[UUID],
    data: JSONBody[PolicyInput],
) -> PolicyShape:
    """Demand or allow otherwise from now on; what was accepted before stays, and its certificates say under what."""
    decided = data.model_dump(exclude_unset=True)
    return _policy_shape(session, change_policy(session, caller, territory_id, version=if_match, **decided))


doors = [show_me, list_organisations, show_organisation, show_policy, decide_policy]
