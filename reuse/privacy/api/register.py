from typing import Annotated

from litestar.params import FromQuery, JSONBody
from pydantic import Field
from sqlmodel import Session

from labels.values import Language
from reuse.devices.api.inputs import Line
from reuse.house import House
from reuse.people.actions import say_privacy_contact
from reuse.people.api import OrganisationShape, organisation_shape
from reuse.people.rules import Caller
from reuse.privacy.actions.register import order_register, register_of
from reuse.web import Answer, Page, Shape, door, job_accepted


class ProcessingShape(Shape):
    """One processing of personal data: who is responsible, why, of whom, what, for whom, how long, how it is guarded.

    `name` stays the same in every language; `source` says where term and rule come from.
    """

    name: str
    organisation: str
    contact: str
    role: str
    purpose: str
    basis: str
    persons: str
    data: str
    recipients: str
    term: str
    remains: str
    source: str
    transfers: str
    security: list[str]


class RegisterOrder(Shape):
    """In which language the register is printed; the territory's where none is named."""

    language: Language | None = None


class PrivacyContactInput(Shape):
    """Whom persons may turn to about their data, or the data protection officer: an address, a number, an office."""

    contact: Annotated[Line, Field(max_length=200)]


@door("GET", "/v1/privacy/register")
def show_register(
    session: Session, caller: Caller, house: House, language: FromQuery[Language | None] = None
) -> Page[ProcessingShape]:
    """Your organisation's register of processing (GDPR art. 30), whole, drawn from its activities; CSV by Accept."""
    found = register_of(session, house, caller, language)
    same = {"organisation": found.owner.name, "contact": found.contact, "transfers": found.transfers}
    items = [
        ProcessingShape(
            name=entry.name,
            source=entry.source,
            security=list(found.measures),
            **same,
            **{name: getattr(row, name) for name in row.__dataclass_fields__},
        )
        for entry, row in found.rows
    ]
    return Page(items=items)


@door("POST", "/v1/privacy/register/documents", status=202)
def print_register(session: Session, caller: Caller, house: House, data: JSONBody[RegisterOrder]) -> Answer:
    """Have the register printed as it is now, in French or English; the job's result is `{document_id}`."""
    return job_accepted(order_register(session, house, caller, data.language))


@door("PUT", "/v1/privacy/contact")
def put_privacy_contact(session: Session, caller: Caller, data: JSONBody[PrivacyContactInput]) -> OrganisationShape:
    """Publish whom persons may turn to about their data at your organisation; a named person says so."""
    return organisation_shape(say_privacy_contact(session, caller, data.contact))


doors = [show_register, print_register, put_privacy_contact]
