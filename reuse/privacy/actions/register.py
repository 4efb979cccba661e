"""The register of processing of one organisation (GDPR art. 30), drawn from its activities and the inventory."""

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlmodel import Session

from labels import values
from labels.values import Language
from reuse import clock
from reuse.documents.actions import Readers, next_number, order_document
from reuse.house import House
from reuse.jobs.models import Job
from reuse.people.models import Organisation
from reuse.people.queries import organisation, territory_of
from reuse.people.rules import Caller
from reuse.privacy.queries import countries_reached
from reuse.privacy.rules import Entry, load_register, load_retention, role_of

SERIES = "RT"


@dataclass(frozen=True, slots=True)
class Register:
    """What one organisation does with personal data, in one language: its rows, and what holds for all of them."""

    owner: Organisation
    language: Language
    contact: str
    transfers: str
    measures: tuple[str, ...]
    rows: tuple[tuple[Entry, values.RegisteredProcessing], ...]


def register_of(session: Session, house: House, caller: Caller, language: Language | None) -> Register:
    """The caller's own register, in the territory's language where none is named."""
    owner = organisation(session, caller.organisation_id)
    home = territory_of(session, owner.id).language
    tongue: Language = language or ("en" if home == "en" else "fr")
    said = load_register()
    reached = countries_reached(session, owner)
    words = said["transfers"]["some" if reached else "none"][tongue]
    return Register(
        owner,
        tongue,
        owner.privacy_contact or said["no_contact"][tongue],
        words.format(countries=", ".join(reached)),
        tuple(_measures(house, tongue)),
        tuple(
            (entry, _row(entry, role, tongue))
            for entry in load_retention().entries
            if (role := role_of(entry, owner.activities)) is not None
        ),
    )


def _measures(house: House, tongue: Language) -> Iterator[str]:
    """Security measures that are really there, as the settings of this house say."""
    settings = house.settings
    there = {
        "always": True,
        "https": (settings.public_url or "").startswith("https://"),
        "signed": settings.pdf_signing_file is not None,
        "sqlite": house.database.is_sqlite,
        "postgresql": not house.database.is_sqlite,
    }
    yield from (one[tongue] for one in load_register()["measures"] if there[one["if"]])


def _row(entry: Entry, role: str, tongue: Language) -> values.RegisteredProcessing:
    said, term = load_register(), entry.term
    kind, n = ("years", term.years) if term.years else ("days", term.days_more) if term.days_more else ("until", 0)
    return values.RegisteredProcessing(
        role=said["roles"][role][tongue],
        purpose=entry.purpose[tongue],
        basis=entry.basis[tongue],
        persons=entry.persons[tongue],
        data=entry.data[tongue],
        recipients=entry.recipients[tongue],
        term=said["term"][kind][tongue].format(n=n, since=entry.since[tongue]),
        remains=entry.remains[tongue],
    )


def order_register(session: Session, house: House, caller: Caller, language: Language | None) -> Job:
    """Have the register printed as it is now, under a number of its own; it never changes afterwards."""
    found = register_of(session, house, caller, language)
    number = next_number(session, organisation_id=found.owner.id, prefix=SERIES)
    at = clock.now().astimezone(ZoneInfo(territory_of(session, found.owner.id).timezone))
    siret = (f"SIRET {found.owner.siret}",) if found.owner.siret else ()
    value = values.ProcessingRegister(
        imprint=values.Imprint(number, at, values.Party(found.owner.name, siret), found.language),
        contact=found.contact,
        transfers=found.transfers,
        rows=tuple(row for _, row in found.rows),
        measures=found.measures,
    )
    return order_document(
        session,
        caller.actor,
        kind="processing_register",
        value=value,
        number=number,
        organisation_id=found.owner.id,
        readers=Readers(),
        deduplicate=f"register:{found.owner.id}:{number}",
    )
