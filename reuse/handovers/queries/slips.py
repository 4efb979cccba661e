from sqlalchemy import ColumnElement
from sqlmodel import col

from reuse.handovers.models import PaperSlip
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller


def visible_slips(caller: Caller) -> ColumnElement[bool]:
    """A network sees the slips of its reservations, a workshop those of its devices, a territory all."""
    me = caller.organisation_id
    return sight(
        caller,
        {
            Activity.network: col(PaperSlip.network_id) == me,
            Activity.workshop: col(PaperSlip.workshop_id) == me,
            Activity.territory: col(PaperSlip.territory_id) == caller.territory_id,
        },
    )
