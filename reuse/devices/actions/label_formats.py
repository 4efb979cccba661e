from dataclasses import asdict, replace
from uuid import UUID

from sqlmodel import Session, col, func, select

from labels.fitting import misfits
from labels.formats import LabelFormat
from reuse import clock
from reuse.devices.actions.label_texts import longest_label
from reuse.devices.models import OwnLabelFormat
from reuse.errors import Conflict, Fault, Invalid
from reuse.history.actions import record
from reuse.people.rules import Caller

MAX_OWN_FORMATS = 100
CODES = {
    "too_many": "too_many",
    "overlap": "labels_overlap",
    "off_the_sheet": "labels_off_the_sheet",
    "too_small": "label_too_small",
    "no_dpi": "dpi_missing",
    "sheet_on_a_roll": "sheet_on_a_roll",
}


def describe_label_format(session: Session, caller: Caller, described: LabelFormat, *, public_url: str) -> LabelFormat:
    """Keep a label format of the workshop's own; Invalid with each reason for one that cannot be printed or scanned."""
    if wrong := misfits(described, longest_label(public_url)):
        faults = tuple(Fault(one.pointer, CODES[one.kind], one.sentence) for one in wrong)
        raise Invalid("No label can be printed like this: see errors.", code="format_does_not_fit", errors=faults)
    own = select(func.count()).where(col(OwnLabelFormat.organisation_id) == caller.organisation_id)
    if session.exec(own).one() >= MAX_OWN_FORMATS:
        raise Conflict(f"Your workshop has {MAX_OWN_FORMATS} formats of its own already; use one.", code="too_many")
    kept = replace(described, id=str(clock.new_id()))
    geometry = {name: value for name, value in asdict(kept).items() if name not in {"id", "title"}}
    row = OwnLabelFormat(
        id=UUID(kept.id),
        organisation_id=caller.organisation_id,
        person=caller.person,
        title=kept.title,
        geometry=geometry,
        created_at=clock.now(),
    )
    session.add(row)
    what = {"title": kept.title, **geometry}
    record(session, caller.actor, thing="label_format", thing_id=row.id, verb="described", data=what)
    return kept
