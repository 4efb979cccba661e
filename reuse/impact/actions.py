from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlmodel import Session

from labels import values
from reuse import clock
from reuse.documents.actions import Readers, next_number, order_document
from reuse.donations.queries import donation_for
from reuse.errors import Invalid
from reuse.impact.queries import Entry, Scope, entries, factor_set_in_force, first_and_last
from reuse.impact.rules import FactorSet, load_factor_sets, total
from reuse.jobs.models import Job
from reuse.people.queries import known_organisation, organisation, territory_of
from reuse.people.rules import Caller


def known_factor_set(factor_set_id: str | None, day: datetime) -> FactorSet:
    """The factor set asked for, else the one in force; Invalid for one that is not here."""
    if factor_set_id is None:
        return factor_set_in_force(day.date())
    if (found := load_factor_sets().get(factor_set_id)) is None:
        raise Invalid(
            f"There is no factor set {factor_set_id}; there are: {', '.join(load_factor_sets())}.",
            code="unknown_factor_set",
        )
    return found


def order_report(
    session: Session, caller: Caller, *, scope: Scope, language: values.Language, factor_set_id: str | None
) -> Job:
    """Freeze the impact of the scope as it is now, device by device, and have its report printed.

    A report never changes afterwards: a later factor set or return makes another report.
    """
    now = clock.now()
    factors = known_factor_set(factor_set_id, now)
    found = entries(session, caller, scope, factors)
    number = next_number(session, organisation_id=caller.organisation_id, prefix="RI")
    zone = ZoneInfo(territory_of(session, caller.organisation_id).timezone)
    issuer = organisation(session, caller.organisation_id)
    first, last = first_and_last(found, scope)
    summed = total(entry.impact for entry in found)
    value = values.ImpactReport(
        imprint=values.Imprint(number, now.astimezone(zone), values.Party(issuer.name), language),
        scope=_scope_in_words(session, caller, scope, issuer.name),
        period_from=first,
        period_to=last,
        factor_set=factors.id,
        factor_source=factors.sources["impactco2"],
        total=values.ThreeFigures(summed.low, summed.central, summed.high),
        rows=tuple(_row(entry, factors) for entry in found if entry.impact.covered),
        not_covered=tuple(values.CountLine(category, count) for category, count in summed.not_covered.items()),
    )
    return order_document(
        session,
        caller.actor,
        kind="impact_report",
        value=value,
        number=number,
        organisation_id=caller.organisation_id,
        readers=Readers(donation_id=scope.donation_id),
        deduplicate=f"impact:{caller.organisation_id}:{number}",
    )


def _row(entry: Entry, factors: FactorSet) -> values.ImpactRow:
    impact = entry.impact
    factor = factors.factor_for(impact.category)
    gross = Decimal(0) if factor is None else round(factor.new_device / factor.life_new_years, 3)
    result = values.ThreeFigures(impact.low, impact.central, impact.high)
    return values.ImpactRow(entry.code, impact.category, gross, impact.n_years, result, impact.times)


def _scope_in_words(session: Session, caller: Caller, scope: Scope, whole: str) -> str:
    """What the report is about: the donation or the organisations named, else all that its issuer sees.

    NotFound for a donation or an organisation that the caller does not know of: no name leaks into a report.
    """
    if scope.donation_id is not None:
        return f"{whole}, {donation_for(session, caller, scope.donation_id).number}"
    ids = [one for one in (scope.donor_id, scope.network_id, scope.workshop_id) if one is not None]
    return ", ".join(known_organisation(session, caller, one).name for one in ids) or whole
