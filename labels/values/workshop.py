from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from labels.values.common import Imprint, Item


@dataclass(frozen=True)
class CheckLine:
    """One check of a device: its title in the sheet's language, what was found, its value with its unit."""

    title: str
    required: bool
    outcome: Literal["pass", "fail", "not_applicable", "waived", "open"]
    value: str = ""
    note: str = ""
    at: datetime | None = None
    photos: int = 0


@dataclass(frozen=True)
class RepairLine:
    """One repair: the defect by its title, what was done, the parts used."""

    defect: str
    action: str
    parts: tuple[str, ...] = ()
    completed_at: datetime | None = None


@dataclass(frozen=True)
class TestSheet:
    """What the workshop found of one device; `complete` only where every required check is settled."""

    __test__ = False  # the name is the paper's; it is no test case

    imprint: Imprint
    device: Item
    template: str
    functions: tuple[CheckLine, ...]
    locks: tuple[CheckLine, ...]
    repairs: tuple[RepairLine, ...] = ()
    systems: tuple[str, ...] = ()
    grade: str = ""
    score: int | None = None
    complete: bool = False
