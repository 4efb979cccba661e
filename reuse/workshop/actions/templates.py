from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from reuse import clock
from reuse.devices.actions.byhand import known_category
from reuse.errors import Conflict, Fault, Invalid
from reuse.history.actions import record
from reuse.people.queries import has_activity, known_organisation
from reuse.people.rules import Activity, Caller
from reuse.workshop.models import OwnTemplate
from reuse.workshop.queries import own_template, own_templates
from reuse.workshop.rules import TestTemplate, load_test_templates, template_faults


def publish_template(
    session: Session,
    caller: Caller,
    *,
    category: str,
    checks: Sequence[dict[str, Any]],
    workshop_id: UUID | None = None,
    reason: str | None = None,
) -> TestTemplate:
    """Give a category a new version of its test template, for the caller's territory or one of its workshops.

    Devices whose tests have begun go on with the version that they began with. Invalid, with each place, for a
    template that cannot be one; Conflict where another version was published at the same moment.
    """
    known_category(category)
    if faults := template_faults(checks):
        places = ", ".join(fault.pointer for fault in faults)
        raise Invalid(f"The template was not published. Correct {places}.", code="bad_template", errors=faults)
    territory_id = caller.territory_id
    if workshop_id is not None:
        territory_id = known_organisation(session, caller, workshop_id).territory_id
        if not has_activity(session, workshop_id, Activity.workshop):
            sentence = "This organisation is no workshop; name one, or leave it out for the whole territory."
            raise Invalid(sentence, code="not_a_workshop", errors=(Fault("/workshop_id", "not_a_workshop", sentence),))
    owner_id = workshop_id or territory_id
    shipped = load_test_templates()[category].version
    versions = [shipped, *(row.version for row in own_templates(session, [owner_id], category))]
    row = OwnTemplate(
        id=clock.new_id(),
        scope="workshop" if workshop_id else "territory",
        owner_id=owner_id,
        territory_id=territory_id,
        category=category,
        version=max(versions) + 1,
        checks=list(checks),
        reason=reason,
        organisation_id=caller.organisation_id,
        person=caller.person,
        created_at=clock.now(),
    )
    _enter(session, row)
    what = {"category": category, "version": row.version, "scope": row.scope, "owner_id": str(owner_id)}
    record(session, caller.actor, thing="test_template", thing_id=row.id, verb="published", data=what)
    return own_template(row)


def _enter(session: Session, row: OwnTemplate) -> None:
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        sentence = "Another version of this template was published at the same moment; look at it, then send yours."
        raise Conflict(sentence, code="published_meanwhile") from error
