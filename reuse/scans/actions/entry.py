from dataclasses import dataclass
from typing import Any
from uuid import UUID

from reuse.devices.actions.changes import Change
from reuse.devices.models import Device
from reuse.devices.rules import DEFAULT_LANGUAGE, Step
from reuse.errors import Conflict, Refusal, Stale
from reuse.people.rules import Caller
from reuse.scans.rules import Outcome, ScanIn


@dataclass(slots=True)
class Entry:
    """One scan on its way through a batch, and what becomes of it."""

    caller: Caller
    scan: ScanIn
    outcome: Outcome | None = None
    device: Device | None = None
    by_label: bool = False
    status: str | None = None
    steps: tuple[Step, ...] = ()
    warning: str | None = None
    refusal: Refusal | None = None
    candidates: tuple[UUID, ...] = ()
    before: dict[str, Any] | None = None
    change: Change | None = None
    device_id: UUID | None = None
    made: bool = False
    version: int = 0
    language: str = DEFAULT_LANGUAGE

    @property
    def key(self) -> tuple[UUID, UUID]:
        """What makes a scan the same scan."""
        return self.caller.organisation_id, self.scan.id

    def refuse(self, refusal: Refusal) -> None:
        """No, and why: a conflict where the present state forbids it, else a refusal."""
        self.refusal = refusal
        self.outcome = Outcome.conflict if isinstance(refusal, Conflict | Stale) else Outcome.refused
