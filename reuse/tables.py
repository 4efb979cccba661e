"""Every table of the product, for migrations and set-up; a new models.py adds its line here."""

from reuse.devices import models as devices
from reuse.documents import models as documents
from reuse.history import models as history
from reuse.idempotency import KeptAnswer
from reuse.jobs import models as jobs
from reuse.people import models as people

__all__ = ["KeptAnswer", "devices", "documents", "history", "jobs", "people"]
