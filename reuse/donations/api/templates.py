from dataclasses import asdict

from litestar.params import FromQuery
from sqlmodel import Session

from reuse.donations.rules import DeclarationKind, LegalBasis, donation_templates, template_for
from reuse.people.models import Territory
from reuse.people.rules import Caller
from reuse.web import Page, Shape, door


class Titles(Shape):
    """A title in each language."""

    fr: str
    en: str


class MoneyShape(Shape):
    """An amount in minor units of an ISO 4217 currency."""

    amount_minor: int
    currency: str


class AgeLimit(Shape):
    """The age in years over which devices are counted apart, and the law that says so."""

    years: int
    source: str
    date: str


class DeclarationShape(Shape):
    """One thing to be declared; `at_most` and `must_be` are what the law allows, and anything else is refused."""

    key: str
    titles: Titles
    kind: DeclarationKind
    required: bool
    source: str
    date: str
    at_most: MoneyShape | None
    must_be: bool | None


class DonationTemplateShape(Shape):
    """What is declared on one legal basis; `country` is null where no national rule is known."""

    id: str
    version: str
    country: str | None
    legal_basis: LegalBasis
    titles: Titles
    source: str
    date: str
    age_limit: AgeLimit | None
    declarations: list[DeclarationShape]


@door("GET", "/v1/donation-templates")
def list_donation_templates(
    session: Session, caller: Caller, country: FromQuery[str | None] = None
) -> Page[DonationTemplateShape]:
    """What is declared on each legal basis, in the caller's territory or in the country that is asked for."""
    wanted = (country or session.get_one(Territory, caller.territory_id).country).upper()
    bases = dict.fromkeys(one.legal_basis for one in donation_templates())
    return Page(items=[DonationTemplateShape.model_validate(asdict(template_for(wanted, basis))) for basis in bases])


doors = [list_donation_templates]
