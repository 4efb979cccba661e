from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, delete, select, update

from reuse import clock
from reuse.documents.actions import next_number
from reuse.donations.actions.sites import SaidSite, say_sites
from reuse.donations.models import Donation, DonationLine
from reuse.donations.queries import items_per_category, refused_per_line
from reuse.donations.rules import DonationStatus, declared_quantity, merged_declarations, template_for
from reuse.errors import Conflict, Fault, Invalid, NotAllowed, Stale
from reuse.history.actions import record
from reuse.people.models import Organisation, Territory
from reuse.people.rules import Activity, Caller, Role

EDITABLE = (DonationStatus.DRAFT, DonationStatus.SUBMITTED)
LATER = {
    DonationStatus.ACCEPTED: frozenset({"contacts", "declarations", "sites"}),
    DonationStatus.SCHEDULED: frozenset({"contacts", "declarations", "sites"}),
    DonationStatus.COLLECTED: frozenset({"contacts", "declarations"}),
    DonationStatus.RECEIVED: frozenset({"contacts", "declarations"}),
}
"""What may still be changed once the workshop has accepted: none of what it accepted."""


@dataclass(frozen=True, slots=True)
class SaidLine:
    """A line as somebody said it: so many of a category."""

    category: str
    quantity: int
    description: str | None = None


def register_donation(
    session: Session,
    caller: Caller,
    *,
    donor_id: UUID | None,
    workshop_id: UUID | None,
    lines: Sequence[SaidLine],
    sites: Sequence[SaidSite] = (),
    **facts: Any,  # noqa: ANN401  # columns of the donation, as its door has checked them
) -> Donation:
    """Open a donation as a draft: a donor for itself, or a workshop's lead for a donor of its territory.

    NotAllowed for anybody else; Invalid for a donor or workshop that is none in this territory. The number is of the
    donor's own series, because the donor is known from the first day and a workshop only later.
    """
    donor = donor_id or caller.organisation_id
    by_donor = donor == caller.organisation_id and Role.donor in caller.roles
    if not by_donor and Role.lead not in caller.roles:
        raise NotAllowed(
            "A donation is registered by its donor, or by a workshop's lead for a donor.",
            missing=(Role.donor, Role.lead),
        )
    check_organisation(session, caller.territory_id, donor, Activity.donor, "/donor_id")
    workshop = workshop_id or (None if by_donor else caller.organisation_id)
    if workshop is not None:
        check_organisation(session, caller.territory_id, workshop, Activity.workshop, "/workshop_id")
    facts["declarations"] = _declared(session, caller.territory_id, facts["legal_basis"], {}, facts.get("declarations"))
    donation = Donation(
        id=clock.new_id(),
        number=next_number(session, organisation_id=donor, prefix="DON"),
        status=DonationStatus.DRAFT,
        donor_id=donor,
        registered_by_id=caller.organisation_id,
        workshop_id=workshop,
        territory_id=caller.territory_id,
        created_at=clock.now(),
        **facts,
    )
    session.add(donation)
    session.flush()
    say_lines(session, donation, lines)
    say_sites(session, donation, sites)
    what = {"number": donation.number, "donor_id": donor, "legal_basis": donation.legal_basis}
    record(session, caller.actor, thing="donation", thing_id=donation.id, verb="registered", data=what)
    return donation


def check_organisation(
    session: Session, territory_id: UUID, organisation_id: UUID, activity: Activity, pointer: str
) -> Organisation:
    """The organisation, if it does this in the territory; Invalid, naming the place in the body, otherwise."""
    found = session.get(Organisation, organisation_id)
    if found is None or found.territory_id != territory_id or activity not in found.activities:
        sentence = f"{organisation_id} is no {activity} of this territory; see GET /v1/organisations."
        raise Invalid(sentence, code=f"unknown_{activity}", errors=(Fault(pointer, f"unknown_{activity}", sentence),))
    return found


def edit_donation(
    session: Session,
    caller: Caller,
    donation: Donation,
    *,
    lines: Sequence[SaidLine] | None,
    sites: Sequence[SaidSite] | None = None,
    version: int | None,
    **facts: Any,  # noqa: ANN401  # columns of the donation, as its door has checked them
) -> Donation:
    """Change what was said of a donation while nobody has accepted it; `lines` and `sites` replace all said before."""
    check_side(caller, donation)
    whole = [name for name, said in (("lines", lines), ("sites", sites)) if said is not None]
    _check_editable(donation, {*facts, *whole})
    if facts.keys() & {"declarations", "legal_basis"}:
        basis = facts.get("legal_basis", donation.legal_basis)
        before, said = donation.declarations, facts.get("declarations")
        facts["declarations"] = _declared(session, donation.territory_id, basis, before, said)
    change_donation(session, donation, version=version, **facts)
    if lines is not None:
        say_lines(session, donation, lines)
    if sites is not None:
        say_sites(session, donation, sites)
    what = {"fields": sorted([*facts, *whole])}
    record(session, caller.actor, thing="donation", thing_id=donation.id, verb="edited", data=what)
    return donation


def _declared(
    session: Session, territory_id: UUID, legal_basis: str, before: dict[str, Any], said: dict[str, Any] | None
) -> dict[str, Any]:
    """What is declared once `said` is added; Invalid for what the territory's template does not allow."""
    template = template_for(session.get_one(Territory, territory_id).country, legal_basis)
    return merged_declarations(template, before, said or {})


def _check_editable(donation: Donation, fields: set[str]) -> None:
    """Conflict for a field that is fixed by now; what helps to fetch, and what is still to be declared, is not."""
    later = LATER.get(DonationStatus(donation.status), frozenset())
    if donation.status not in EDITABLE and (not fields or fields - later):
        raise Conflict(
            f"This donation is {donation.status}; only a draft or a submitted one is changed as a whole"
            + (f", of this one only {', '.join(sorted(later))}" if later else "")
            + ". Send a list instead (imports), or ask the workshop.",
            code="not_editable",
        )


def check_side(caller: Caller, donation: Donation) -> None:
    """Let in the donor, and the lead of the workshop that registered the donation or is to receive it."""
    is_donor = donation.donor_id == caller.organisation_id and Role.donor in caller.roles
    if not is_donor and not is_its_lead(caller, donation):
        raise NotAllowed(
            "This is for the donor, or for the lead of the workshop that receives the donation.",
            missing=(Role.donor, Role.lead),
        )


def is_its_lead(caller: Caller, donation: Donation) -> bool:
    """Whether a lead of the workshop that registered the donation or is to receive it asks."""
    return Role.lead in caller.roles and caller.organisation_id in {donation.workshop_id, donation.registered_by_id}


def change_donation(
    session: Session,
    donation: Donation,
    *,
    version: int | None = None,
    **changes: Any,  # noqa: ANN401  # columns
) -> Donation:
    """Set columns of the donation and raise its version, unless somebody changed it since it was read.

    Stale where `version` (what the caller saw) is not the present one, Conflict where another change came first.
    """
    if version is not None and version != donation.version:
        raise Stale(f"This donation has changed: you saw version {version}, it is now {donation.version}. Look again.")
    session.flush()
    done = session.exec(
        update(Donation)
        .where(
            col(Donation.id) == donation.id,
            col(Donation.version) == donation.version,
            col(Donation.status) == donation.status,
        )
        .values(version=donation.version + 1, **changes)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict("Somebody changed this donation at the same moment; look at it again.", code="moved_meanwhile")
    session.refresh(donation)
    return donation


def lock_donation(session: Session, donation_id: UUID) -> Donation:
    """The donation as it is now, held against others until the transaction ends (SQLite has one writer anyway)."""
    statement = select(Donation).where(Donation.id == donation_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one()


def say_lines(session: Session, donation: Donation, lines: Sequence[SaidLine]) -> None:
    """Replace what was said by lines; listed items go on counting."""
    session.exec(delete(DonationLine).where(col(DonationLine.donation_id) == donation.id))
    for line in lines:
        session.add(
            DonationLine(
                id=clock.new_id(),
                donation_id=donation.id,
                category=line.category,
                quantity=line.quantity,
                declared=line.quantity,
                description=line.description,
            )
        )
    settle_lines(session, donation)


def settle_lines(session: Session, donation: Donation) -> None:
    """Have the lines declare what the listed items say: per category the larger of lines and items.

    What the items have beyond the lines goes to the category's first line; a category without line gets one. What was
    refused of a line at acceptance stays refused.
    """
    session.flush()
    statement = select(DonationLine).where(DonationLine.donation_id == donation.id).order_by(col(DonationLine.id))
    lines = list(session.exec(statement))
    refused = refused_per_line(session, [donation.id])
    for category, items in sorted(items_per_category(session, donation.id).items()):
        own = [line for line in lines if line.category == category]
        said = sum(line.quantity or 0 for line in own)
        if own:
            whole = (own[0].quantity or 0) + declared_quantity(said, items) - said
            own[0].declared = max(whole - refused[own[0].id], 0)
            session.add(own[0])
        else:
            session.add(DonationLine(id=clock.new_id(), donation_id=donation.id, category=category, declared=items))
    session.flush()
