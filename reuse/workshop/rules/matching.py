"""Of which machine a capture is: only where one device answers and nothing contradicts it; never a guess."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from reuse.devices.rules import WORKED_IN, Status, normal_code


class Machine(Protocol):
    """What is asked of a device."""

    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def serial(self) -> str | None: ...  # noqa: D102
    @property
    def manufacturer(self) -> str | None: ...  # noqa: D102


class Who(Protocol):
    """What is asked of a capture's identity."""

    @property
    def manufacturer(self) -> str | None: ...  # noqa: D102
    @property
    def serial(self) -> str | None: ...  # noqa: D102
    @property
    def asset_tag(self) -> str | None: ...  # noqa: D102


Found = TypeVar("Found", bound=Machine)


@dataclass(frozen=True, slots=True)
class Told(Generic[Found]):
    """A device that something in the capture names: its serial, asset tag or label, or the serial of a medium."""

    device: Found
    by: frozenset[str]


def match_machine(who: Who, told: Sequence[Told[Found]]) -> tuple[Found | None, tuple[str, ...]]:
    """The one device that the capture is of, and by what it was found; or None, and the reasons why it must wait."""
    if who.serial is None and who.asset_tag is None:
        return None, ("no_identity",)
    by_serial = [one for one in told if "serial" in one.by]
    by_tag = [one for one in told if one.by & {"asset_tag", "label"}]
    both = [one for one in by_serial if one in by_tag]
    alone = both if len(both) == 1 else by_serial or by_tag
    if not alone:
        return None, ("unknown_device",)
    if len(alone) > 1:
        return None, ("serial_ambiguous" if by_serial else "tag_ambiguous",)
    if by_serial and by_tag and not both:
        return None, ("contradiction",)
    reasons = _against(who, alone[0].device)
    return (None, reasons) if reasons else (alone[0].device, tuple(sorted(alone[0].by - {"medium"})))


def _against(who: Who, device: Machine) -> tuple[str, ...]:
    reasons: list[str] = []
    if who.serial and device.serial and normal_code(who.serial) != normal_code(device.serial):
        reasons.append("serial_differs")
    if who.manufacturer and device.manufacturer and not _same_maker(who.manufacturer, device.manufacturer):
        reasons.append("manufacturer_differs")
    if Status(device.status) not in WORKED_IN:
        reasons.append("not_in_workshop")
    return tuple(reasons)


_MAKERS = {"HEWLETTPACKARD": "HP", "ASUSTEK": "ASUS"}


def _same_maker(one: str, other: str) -> bool:
    """Whether the names begin alike: people write Dell, the firmware Dell Inc."""
    first, second = (normal_code(name) for name in (one, other))
    for long, short in _MAKERS.items():
        first, second = first.replace(long, short), second.replace(long, short)
    return first.startswith(second) or second.startswith(first)
