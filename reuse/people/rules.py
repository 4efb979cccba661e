"""Activities, roles, and what a key stands for. Vocabulary of spec/process.md."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from reuse.errors import NotAllowed
from reuse.history.rules import Actor


class Activity(StrEnum):
    """What an organisation does in the loop; it may do several things."""

    donor = "donor"
    carrier = "carrier"
    workshop = "workshop"
    network = "network"
    territory = "territory"
    operator = "operator"


class Role(StrEnum):
    """What a key may do."""

    donor = "donor"
    carrier = "carrier"
    technician = "technician"
    data_security = "data_security"
    lead = "lead"
    network = "network"
    territory = "territory"
    operator = "operator"


class LegalForm(StrEnum):
    """Decides price caps and re-use targets: who gave the device matters."""

    company = "company"
    public_body = "public_body"
    association = "association"
    other = "other"


class Quality(StrEnum):
    """A taker's standing in law: recognised public utility, general interest, or ESUS enterprise."""

    rup = "rup"
    general_interest = "general_interest"
    esus = "esus"


ROLES_OF_ACTIVITY: dict[Activity, frozenset[Role]] = {
    Activity.donor: frozenset({Role.donor}),
    Activity.carrier: frozenset({Role.carrier}),
    Activity.workshop: frozenset({Role.technician, Role.data_security, Role.lead}),
    Activity.network: frozenset({Role.network}),
    Activity.territory: frozenset({Role.territory}),
    Activity.operator: frozenset({Role.operator}),
}


def roles_of(activities: frozenset[Activity]) -> frozenset[Role]:
    """All roles that an organisation with these activities can give to its keys."""
    return frozenset(role for activity in activities for role in ROLES_OF_ACTIVITY[activity])


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: one organisation, through one key, perhaps as a named person."""

    organisation_id: UUID
    territory_id: UUID
    activities: frozenset[Activity]
    roles: frozenset[Role]
    key_id: UUID
    person: str | None

    @property
    def actor(self) -> Actor:
        """The caller as history names it."""
        return Actor(self.organisation_id, self.person, self.key_id)

    @property
    def sees_all(self) -> bool:
        """The operator runs this installation and sees all of it."""
        return Activity.operator in self.activities and Role.operator in self.roles


def require_role(caller: Caller, *roles: Role) -> None:
    """Let in callers who hold at least one of the roles; NotAllowed for the others."""
    if caller.roles.isdisjoint(roles):
        wanted = " or ".join(role.value for role in roles)
        raise NotAllowed(f"This needs a key with the role {wanted}; ask your lead for one.", missing=tuple(roles))


def require_person(caller: Caller) -> str:
    """The name of the person who signs; a station's key cannot accept, approve or sign."""
    if caller.person is None:
        raise NotAllowed(
            "This must be done by a named person, and the key used belongs to a station. "
            "Sign in with your own key (filiere key add --person NAME).",
            code="person_required",
        )
    return caller.person
