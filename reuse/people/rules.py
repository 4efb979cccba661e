"""Activities, roles, and what a key stands for. Vocabulary of spec/process.md."""

import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from reuse.errors import Fault, Invalid, NotAllowed
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
    uploader = "uploader"
    lead = "lead"
    network = "network"
    territory = "territory"
    operator = "operator"


class Access(StrEnum):
    """What was done with personal data, as the access log says it."""

    read = "read"
    exported = "exported"
    erased = "erased"


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
    Activity.workshop: frozenset({Role.technician, Role.data_security, Role.lead, Role.uploader}),
    Activity.network: frozenset({Role.network}),
    Activity.territory: frozenset({Role.territory}),
    Activity.operator: frozenset({Role.operator}),
}

STANDS_ALONE = Role.uploader
"""The role of a boot image's key, which lies about on sticks and servers: it opens one door, and comes alone."""


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


def caller_facts(caller: Caller) -> dict[str, object]:
    """The caller as a job's payload keeps it."""
    return asdict(caller)


def caller_from(facts: dict[str, Any]) -> Caller:
    """The caller as a job's payload kept it."""
    return Caller(
        organisation_id=UUID(facts["organisation_id"]),
        territory_id=UUID(facts["territory_id"]),
        activities=frozenset(Activity(name) for name in facts["activities"]),
        roles=frozenset(Role(name) for name in facts["roles"]),
        key_id=UUID(facts["key_id"]),
        person=facts["person"],
    )


def require_role(caller: Caller, *roles: Role) -> None:
    """Let in callers who hold at least one of the roles; NotAllowed for the others."""
    if caller.roles.isdisjoint(roles):
        wanted = " or ".join(role.value for role in roles)
        raise NotAllowed(
            f"This needs a key with the role {wanted}; ask whoever keeps your organisation's keys for one.",
            missing=tuple(roles),
        )


def refuse_uploader(caller: Caller) -> None:
    """NotAllowed for a boot image's key, at every door but the one for reports, whatever its organisation may see."""
    if STANDS_ALONE in caller.roles:
        raise NotAllowed(
            "This key belongs to a boot image: it sends erasure reports and can do nothing else. Use your own key.",
            code="uploader_only",
        )


def require_person(caller: Caller) -> str:
    """The name of the person who signs; a station's key cannot accept, approve or sign."""
    if caller.person is None:
        raise NotAllowed(
            "This must be done by a named person, and the key used belongs to a station. "
            "Sign in with your own key (filiere key add --person NAME).",
            code="person_required",
        )
    return caller.person


def same_person(one: str | None, other: str | None) -> bool:
    """Whether two names of one organisation are one person's: case, accents, spaces and signs make no second one."""
    return one is not None and other is not None and _plain_name(one) == _plain_name(other)


def _plain_name(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum()) or name.strip()


def check_territory(*, currency: str, country: str, language: str, timezone: str) -> None:
    """Invalid for a currency, country, language or time zone that cannot be one."""
    wrong = [
        Fault(f"/{name}", "invalid", f"{value!r} is not {what}.")
        for name, value, what, is_right in (
            ("currency", currency, "an ISO 4217 code such as EUR", re.fullmatch("[A-Z]{3}", currency)),
            ("country", country, "an ISO 3166-1 alpha-2 code such as FR", re.fullmatch("[A-Z]{2}", country)),
            ("language", language, "an ISO 639-1 code such as fr", re.fullmatch("[a-z]{2}", language)),
            ("timezone", timezone, "an IANA time zone such as Europe/Paris", timezone in available_timezones()),
        )
        if not is_right
    ]
    if wrong:
        raise Invalid(" ".join(fault.message for fault in wrong), code="bad_territory", errors=tuple(wrong))


@cache
def _union() -> frozenset[str]:
    text = resources.files("reuse.data").joinpath("union.json").read_text("utf-8")
    return frozenset(json.loads(text)["countries"])


def is_inside(country: str) -> bool:
    """Whether the country is one of the European Union or the European Economic Area."""
    return country.upper() in _union()


def leaves_the_union(origin: str, destination: str) -> bool:
    """Whether what goes from one country (ISO 3166-1 alpha-2) to the other leaves the Union and needs a file."""
    return is_inside(origin) and not is_inside(destination)
