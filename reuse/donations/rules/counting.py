"""The three-way reconciliation: declared, picked up, received."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID, uuid5


class DifferenceReason(StrEnum):
    """Why what was received is not what was declared."""

    MISSING = "missing"
    EXTRA = "extra"
    CATEGORY_DIFFERS = "category_differs"
    SERIAL_DIFFERS = "serial_differs"
    DAMAGED = "damaged"


class ReceptionOutcome(StrEnum):
    """What the dock says of one device."""

    RECEIVED = "received"
    MISSING = "missing"
    DAMAGED = "damaged"


def declared_quantity(line_quantity: int, items: int) -> int:
    """Return what a line declares: items of a file fill the line of their category and may go beyond it."""
    return max(line_quantity, items)


@dataclass(frozen=True, slots=True)
class DeclaredItem:
    """A device that the donor listed one by one."""

    device_id: str
    category: str
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class SeenDevice:
    """A device as the dock saw it; `device_id` is the listed device that it was matched with, if any."""

    category: str
    outcome: ReceptionOutcome = ReceptionOutcome.RECEIVED
    device_id: str | None = None
    serial: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class ReconciliationLine:
    """One category, three counts; `picked_up` is None where nothing was picked up (drop-off)."""

    category: str
    declared: int
    picked_up: int | None
    received: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference with its reason code: of a device where one is known, of a count of a category otherwise.

    `id` is given where the difference is one donation's, see `identified`.
    """

    reason: DifferenceReason
    category: str
    quantity: int = 1
    device_id: str | None = None
    reference: str | None = None
    expected: str | None = None
    found: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was declared, picked up and received, and every difference between them."""

    lines: tuple[ReconciliationLine, ...]
    differences: tuple[Difference, ...]


def reconcile(
    declared: Mapping[str, int],
    picked_up: Mapping[str, int] | None,
    received: Sequence[SeenDevice],
    items: Sequence[DeclaredItem],
) -> Reconciliation:
    """Compare declared, picked up and received, per category and per device.

    `declared` is the quantity per category (see `declared_quantity`), `picked_up` the signed counts of all pick-ups
    or None where there were none. A listed item that nobody saw is missing. Devices that were on no list first fill
    the places that a line leaves open ("about 40 laptops"); the rest are extra. What is damaged has been received.
    """
    present = [device for device in received if device.outcome is not ReceptionOutcome.MISSING]
    differences = [*_device_differences(received, items), *_unlisted_differences(declared, present, items)]
    counts = Counter(device.category for device in present)
    signed: Mapping[str, int] = {} if picked_up is None else picked_up
    if picked_up is not None:
        differences += _lost_or_found_on_the_way(picked_up, counts, differences)
    categories = sorted({*declared, *signed, *counts, *(item.category for item in items)})
    lines = tuple(
        ReconciliationLine(
            category=category,
            declared=declared.get(category, 0),
            picked_up=None if picked_up is None else signed.get(category, 0),
            received=counts[category],
        )
        for category in categories
    )
    return Reconciliation(lines=lines, differences=tuple(differences))


def identified(donation_id: UUID, differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """Give each difference of a donation an id that follows from what it says (UUID version 5, RFC 9562).

    A later reconciliation that says the same has the same id, so what the donor answered still holds; one that says
    something else, be it another quantity, has another. Two that say the same are told apart by their turn.
    """
    turns: Counter[tuple[object, ...]] = Counter()
    found: list[Difference] = []
    for one in differences:
        said = (one.reason, one.category, one.quantity, one.device_id, one.expected, one.found)
        turns[said] += 1
        name = "\n".join("" if part is None else str(part) for part in (*said, turns[said]))
        found.append(replace(one, id=str(uuid5(donation_id, name))))
    return tuple(found)


def _device_differences(received: Sequence[SeenDevice], items: Sequence[DeclaredItem]) -> Iterable[Difference]:
    """Yield what differs between each listed item and the device that was matched with it."""
    seen = {device.device_id: device for device in received if device.device_id is not None}
    for item in items:
        device = seen.get(item.device_id)
        if device is None or device.outcome is ReceptionOutcome.MISSING:
            yield Difference(DifferenceReason.MISSING, item.category, device_id=item.device_id, expected=item.serial)
            continue
        if device.category != item.category:
            yield Difference(
                DifferenceReason.CATEGORY_DIFFERS,
                item.category,
                device_id=item.device_id,
                reference=device.reference,
                expected=item.category,
                found=device.category,
            )
        if item.serial and device.serial and _plain(item.serial) != _plain(device.serial):
            yield Difference(
                DifferenceReason.SERIAL_DIFFERS,
                device.category,
                device_id=item.device_id,
                reference=device.reference,
                expected=item.serial,
                found=device.serial,
            )
    for device in received:
        if device.outcome is ReceptionOutcome.DAMAGED:
            yield Difference(
                DifferenceReason.DAMAGED, device.category, device_id=device.device_id, reference=device.reference
            )


def _unlisted_differences(
    declared: Mapping[str, int], present: Sequence[SeenDevice], items: Sequence[DeclaredItem]
) -> Iterable[Difference]:
    """Yield what devices that were on no list leave open in their lines, or bring beyond them."""
    listed_ids = {item.device_id for item in items}
    listed = Counter(item.category for item in items)
    unlisted: dict[str, list[SeenDevice]] = {}
    for device in present:
        if device.device_id is None or device.device_id not in listed_ids:
            unlisted.setdefault(device.category, []).append(device)
    for category in sorted({*declared, *unlisted}):
        places = max(declared.get(category, 0) - listed[category], 0)
        arrivals = unlisted.get(category, [])
        if places > len(arrivals):
            yield Difference(DifferenceReason.MISSING, category, quantity=places - len(arrivals))
        for device in arrivals[places:]:
            yield Difference(
                DifferenceReason.EXTRA,
                category,
                device_id=device.device_id,
                reference=device.reference,
                found=device.serial,
            )


def _lost_or_found_on_the_way(
    picked_up: Mapping[str, int], received: Mapping[str, int], known: Sequence[Difference]
) -> list[Difference]:
    """Return what the signed pick-up counts say beyond the differences already found.

    Eight declared, ten signed for and eight received is no difference with the donor, but two devices were lost.
    """
    missing: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    for one in known:
        if one.reason is DifferenceReason.MISSING:
            missing[one.category] += one.quantity
        elif one.reason is DifferenceReason.EXTRA:
            extra[one.category] += one.quantity
        elif one.reason is DifferenceReason.CATEGORY_DIFFERS and one.found is not None:
            missing[one.category] += 1
            extra[one.found] += 1
    found: list[Difference] = []
    for category in sorted({*picked_up, *received}):
        lost = picked_up.get(category, 0) - received.get(category, 0)
        if lost > missing[category]:
            found.append(Difference(DifferenceReason.MISSING, category, quantity=lost - missing[category]))
        elif -lost > extra[category]:
            found.append(Difference(DifferenceReason.EXTRA, category, quantity=-lost - extra[category]))
    return found


def _plain(serial: str) -> str:
    """Return a serial as it is compared: scanners and people differ in case, spaces and dashes."""
    return "".join(sign for sign in serial.upper() if sign.isalnum())
