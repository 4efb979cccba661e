"""Every table of the product, for migrations and set-up; a new models.py adds its line here."""

from reuse.catalogue import models as catalogue
from reuse.devices import models as devices
from reuse.documents import models as documents
from reuse.donations import models as donations
from reuse.exports import models as exports
from reuse.handovers import models as handovers
from reuse.history import models as history
from reuse.idempotency import KeptAnswer
from reuse.jobs import models as jobs
from reuse.people import models as people
from reuse.recalls import models as recalls
from reuse.reservations import models as reservations
from reuse.scans import models as scans
from reuse.wiping import models as wiping
from reuse.workshop import models as workshop

__all__ = [
    "KeptAnswer",
    "catalogue",
    "devices",
    "documents",
    "donations",
    "exports",
    "handovers",
    "history",
    "jobs",
    "people",
    "recalls",
    "reservations",
    "scans",
    "wiping",
    "workshop",
]
