"""What the agreement of a donation says as things are now: the frozen value that is printed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlmodel import Session

from labels.values import (
    AgreedLine,
    AgreedSite,
    Clause,
    Declared,
    DonationAgreement,
    Imprint,
    Language,
    Money,
    Party,
    PriceCap,
    Processing,
    Signature,
)
from labels.words import word
from reuse.canonical import as_json
from reuse.devices.rules import media_policy
from reuse.donations.models import Donation, DonationLine, DonationSite
from reuse.donations.queries.giving import lines_of, sites_of
from reuse.donations.rules import (
    DeclarationKind,
    DonationTemplate,
    agreement_clauses,
    basis_clause,
    exponent,
    load_price_caps,
    missing_declarations,
    processing_clauses,
    resale_clause,
    template_for,
)
from reuse.people.models import Organisation, Territory

ACCESS = ("hours", "stairs", "lift", "dock", "parking", "note")
ENVELOPE = ("name", "building", "floor", "street", "postcode", "postal_code", "zip", "city", "town", "country")
NOT_CONTENT = ("imprint", "supersedes", "signatures")


def agreement_now(
    session: Session, donation: Donation, *, number: str, at: datetime, supersedes: str = ""
) -> DonationAgreement:
    """The agreement as the donation, its parties and the law's data are now, in the language of the territory.

    The donation has its workshop. Times are told in the territory's zone.
    """
    territory = session.get_one(Territory, donation.territory_id)
    recipient = session.get_one(Organisation, donation.workshop_id)
    language: Language = "en" if territory.language == "en" else "fr"
    zone = ZoneInfo(territory.timezone)
    template = template_for(territory.country, donation.legal_basis)
    basis = basis_clause(territory.country, donation.legal_basis)
    resale = resale_clause(basis, recipient.quality)
    with_caps = bool(resale and resale["prints_caps"])
    caps, caps_source = _caps(territory.country, language) if with_caps else ((), "")
    return DonationAgreement(
        imprint=Imprint(number, at.astimezone(zone), _party(recipient, territory, language), language),
        donation_number=donation.number,
        donor=_party(session.get_one(Organisation, donation.donor_id), territory, language),
        recipient=_party(recipient, territory, language),
        legal_basis=donation.legal_basis,  # pyright: ignore[reportArgumentType]  # checked by the shape
        required_erasure=donation.required_erasure,  # pyright: ignore[reportArgumentType]  # checked by the shape
        lines=_lines(lines_of(session, [donation.id])[donation.id]),
        basis=basis["text"][language],
        supersedes=supersedes,
        donor_reference=donation.donor_reference or "",
        recipient_quality=recipient.quality or "none",
        place=in_words(donation.collection_address),
        sites=tuple(_site(site, zone) for site in sites_of(session, [donation.id])[donation.id]),
        declarations=_declared(template, donation.declarations, language),
        missing=_missing(template, donation.declarations, language),
        resale=resale["text"][language] if resale else "",
        caps=caps,
        caps_source=caps_source,
        terms=tuple(one["text"][language] for one in agreement_clauses()["terms"]),
        processing=_processing(territory.country, language),
        signatures=(Signature("donor"), Signature("recipient")),
    )


def content_of(agreement: DonationAgreement) -> dict[str, Any]:
    """What an agreement says, without the number and day that it was given: equal contents are one agreement."""
    return as_json({part: value for part, value in asdict(agreement).items() if part not in NOT_CONTENT})


def _party(organisation: Organisation, territory: Territory, language: Language) -> Party:
    lines = [word(f"legal_form.{organisation.legal_form}", language)]
    if organisation.siret:
        lines.append(f"SIRET {organisation.siret}")
    if organisation.country != territory.country:
        lines.append(organisation.country)
    return Party(organisation.name, tuple(lines))


def _lines(lines: Sequence[DonationLine]) -> tuple[AgreedLine, ...]:
    """What is still declared of each line; a line that was refused as a whole is not agreed on."""
    return tuple(
        AgreedLine(line.category, line.declared, line.description or "", media_policy(line.category))
        for line in lines
        if line.declared
    )


def _site(site: DonationSite, zone: ZoneInfo) -> AgreedSite:
    return AgreedSite(
        name=site.name,
        address=in_words(site.address),
        contact=in_words(site.contact),
        access=tuple((key, site.access[key]) for key in ACCESS if site.access.get(key) is not None),
        slots=tuple((_moment(wish["from"], zone), _moment(wish["to"], zone)) for wish in site.slot_wishes),
    )


def _moment(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).astimezone(zone)


def _declared(template: DonationTemplate, declared: Mapping[str, Any], language: Language) -> tuple[Declared, ...]:
    told: list[Declared] = []
    for one in template.declarations:
        if one.key not in declared:
            continue
        value, title = declared[one.key], one.titles[language]
        match one.kind:
            case DeclarationKind.TEXT:
                told.append(Declared(title, text=value))
            case DeclarationKind.DATE:
                told.append(Declared(title, day=date.fromisoformat(value)))
            case DeclarationKind.BOOL:
                told.append(Declared(title, yes=value))
            case DeclarationKind.MONEY:
                told.append(Declared(title, amount=_money(value["amount_minor"], value["currency"])))
    return tuple(told)


def _missing(template: DonationTemplate, declared: Mapping[str, Any], language: Language) -> tuple[str, ...]:
    keys = missing_declarations(template, declared)
    return tuple(one.titles[language] for one in template.declarations if one.key in keys)


def _money(amount_minor: int, currency: str) -> Money:
    return Money(amount_minor, currency, exponent(currency))


def _caps(country: str, language: Language) -> tuple[tuple[PriceCap, ...], str]:
    """The legal caps on what public bodies gave free, and where they stand."""
    table = load_price_caps()[country]
    rows: dict[str, dict[str, Any]] = table["caps"]
    caps = tuple(
        PriceCap(
            category, _money(row["amount_minor"], table["currency"]), row["warning"][language] if row["warning"] else ""
        )
        for category, row in rows.items()
    )
    return caps, f"{table['conditions'][language]} ({table['source']})."


def _processing(country: str, language: Language) -> Processing:
    found = processing_clauses(country)
    clauses = tuple(Clause(one["titles"][language], one["text"][language]) for one in found["clauses"])
    return Processing(found["titles"][language], found["intro"][language], clauses)


def in_words(details: object) -> str:
    """An address or contact on one line, whether it was sent as a text or as an object of texts.

    Storage keeps no order of an object's fields: those that an address has come as on an envelope, others after them.
    """
    if isinstance(details, dict):
        told = cast("dict[str, str | None]", details)
        in_order = sorted(told, key=lambda name: (ENVELOPE.index(name) if name in ENVELOPE else len(ENVELOPE), name))
        return ", ".join(text for name in in_order if (text := told[name]))
    return str(details or "").replace("\n", ", ")
