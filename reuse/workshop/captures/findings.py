"""From what a reader saw to what is answered and stored: placeholders dropped with a warning, media merged."""

import re
from collections import Counter
from dataclasses import asdict, dataclass, field, replace

from reuse.boundedjson import Node, number_at, place, refuse, text_at
from reuse.devices.rules import is_label_code, normal_code
from reuse.errors import Fault
from reuse.placeholders import (
    identifies_nothing,
    is_mac_address,
    is_virtual_machine,
    uuid_identifies_nothing,
)
from reuse.workshop.captures.shape import CaptureFound, Component, Conflict, Facts, Identity, MediumFound

MAX_SIZE = 2**60
"""An exbibyte: lshw prints sizes near 2^64 where a subtraction went below zero (samples/lshw, a FAT volume)."""
MAX_MEDIA = 500
"""More media than any machine holds: a storage server has 90."""
SAME_SIZE = 0.02
"""Two tools round the same medium's size differently, by less than two per cent."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A medium where it was seen; `seat` is the block device's name in this capture, where the tool gives one."""

    medium: MediumFound
    seat: str | None = None


@dataclass(slots=True)
class Findings:
    """What a reader gathers on its way through the input."""

    format: str
    identity: Identity = field(default_factory=Identity)
    facts: Facts = field(default_factory=Facts)
    sightings: list[Sighting] = field(default_factory=list[Sighting])
    components: list[Component] = field(default_factory=list[Component])
    warnings: list[Fault] = field(default_factory=list[Fault])
    conflicts: list[Conflict] = field(default_factory=list[Conflict])
    partial: bool = False


def name_at(found: Findings, node: Node, key: str) -> str | None:
    """A maker's or model's name; a placeholder is None and gives a warning."""
    return real_name(found, text_at(node, key), place(node, key))


def real_name(found: Findings, value: str | None, pointer: str) -> str | None:
    """This text unless it is a placeholder, which identifies nothing and is told as a warning."""
    if value is None:
        return None
    if not identifies_nothing(value):
        return value
    warn(found, pointer, "placeholder_identity", f'"{value[:60]}" is a placeholder and identifies nothing.')
    return None


def model_name(found: Findings, manufacturer: str | None, product: Node, keys: tuple[str, str]) -> str | None:
    """The model that people know; `keys` name product and version. Lenovo writes it in version (SMBIOS type 1)."""
    model = name_at(found, product, keys[0])
    if (manufacturer or "").lower() == "lenovo" and text_at(product, keys[1]) is not None:
        return name_at(found, product, keys[1]) or model
    return model


def serial_at(found: Findings, node: Node, key: str) -> str | None:
    """A serial number; a placeholder or a network address is None and gives a warning."""
    return real_serial(found, text_at(node, key), place(node, key))


def real_serial(found: Findings, value: str | None, pointer: str) -> str | None:
    """This serial unless it is a placeholder, or the address of a network card (spec/interop.md, traps)."""
    if value is not None and is_mac_address(value):
        warn(
            found,
            pointer,
            "mac_address_serial",
            "A network address stands where the serial number should: read the label.",
        )
        return None
    return real_name(found, value, pointer)


_INVENTORY_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/#-]{2,39}")
_DIGITS_OF_A_NUMBER = 3


def _is_inventory_number(value: str) -> bool:
    """One word with three digits or more and no more letters than digits, or one of our labels with a digit in it.

    Names are longer; one in 32 words of eleven letters has the check character of a label by chance.
    """
    digits, letters = sum(sign.isdigit() for sign in value), sum(sign.isalpha() for sign in value)
    if _INVENTORY_NUMBER.fullmatch(value) is None or not digits:
        return False
    return digits >= max(_DIGITS_OF_A_NUMBER, letters) or is_label_code(normal_code(value))


def asset_tag_at(found: Findings, node: Node, key: str) -> str | None:
    """The owner's inventory number; anything that might be a person's name or free text is dropped unseen.

    Owners write names there too: "PC de …", a login (spec/law.md, GDPR).
    """
    value = text_at(node, key)
    if value is None or identifies_nothing(value) or is_mac_address(value):
        return None
    if _is_inventory_number(value):
        return value
    warn(found, place(node, key), "asset_tag_dropped", "The asset tag is no inventory number; it was not kept.")
    return None


def seat_of(device_file: str | None) -> str | None:
    """The block device's name as all tools understand it: sda, nvme0, mmcblk0; None for anything else."""
    match = _DEVICE_FILE.match(device_file or "")
    return match[1] if match else None


_DEVICE_FILE = re.compile(r"(?:/dev/)?((?:sd|hd|vd|xvd)[a-z]{1,3}|nvme\d{1,3}|mmcblk\d{1,3})(?:n\d{1,3})?(?![a-z0-9])")


def real_uuid(found: Findings, value: str | None, pointer: str) -> str | None:
    """The system's UUID in lower case, unless it is a firmware default."""
    if value is None:
        return None
    if uuid_identifies_nothing(value):
        warn(
            found, pointer, "placeholder_identity", f"The system UUID {value[:40]} is a default and identifies nothing."
        )
        return None
    return value.lower()


def size_at(found: Findings, node: Node, key: str, *, unit: int = 1) -> int | None:
    """A size in bytes from a number in the given unit; an impossible one is None and gives a warning."""
    number = number_at(node, key)
    return None if number is None else real_size(found, number * unit, place(node, key))


def real_size(found: Findings, size: float, pointer: str) -> int | None:
    """This size in whole bytes, None with a warning where no medium can have it; 0 says that the tool does not know."""
    if 0 <= size <= MAX_SIZE:
        return round(size) or None
    warn(found, pointer, "impossible_size", f"{size:.0f} bytes is no size of a medium; it was left out.")
    return None


def warn(found: Findings, pointer: str, code: str, message: str) -> None:
    """Note what the technician should look at; a warning refuses nothing."""
    found.warnings.append(Fault(pointer, code, message))


def conclude(found: Findings) -> CaptureFound:
    """The answer: media merged, virtual machine and missing identity told, and the picture that is stored."""
    media = merge(found)
    identity = replace(
        found.identity,
        virtual_machine=found.identity.virtual_machine
        or is_virtual_machine(found.identity.manufacturer, found.identity.model)
        or any(is_virtual_machine(medium.manufacturer, medium.model) for medium in media),
    )
    if identity.virtual_machine:
        warn(found, "", "virtual_machine", "This capture comes from a virtual machine.")
    if not found.partial and identity.serial is None:
        warn(found, "", "serial_missing", "The capture gives no serial number for the machine: read it from the label.")
    sizes = [medium.size_bytes for medium in media if medium.size_bytes and medium.kind not in {"usb", "sd"}]
    facts = replace(found.facts, storage_bytes=found.facts.storage_bytes or sum(sizes) or None)
    kept = {
        "format": found.format,
        "identity": asdict(identity),
        "facts": asdict(facts),
        "media": [asdict(medium) for medium in media],
        "components": [asdict(component) for component in found.components],
        "warnings": [asdict(warning) for warning in found.warnings],
        "conflicts": [asdict(conflict) for conflict in found.conflicts],
        "partial": found.partial,
    }
    return CaptureFound(
        format=found.format,
        identity=identity,
        facts=facts,
        media=media,
        warnings=tuple(found.warnings),
        partial=found.partial,
        kept=kept,
        conflicts=tuple(found.conflicts),
        components=tuple(found.components),
    )


def merge(found: Findings) -> tuple[MediumFound, ...]:
    """The media, each once; different media of one serial are told."""
    merged = merged_sightings(found)
    for serial, times in Counter(each.medium.serial for each in merged).items():
        if serial is not None and times > 1:
            warn(
                found, "", "duplicate_serial", f'{times} different media give the serial "{serial}": read their labels.'
            )
    return tuple(each.medium for each in merged)


def merged_sightings(found: Findings) -> list[Sighting]:
    """The media of one tool, each once: two sightings are one where serial (or WWN) agree and nothing parts them."""
    if len(found.sightings) > MAX_MEDIA:
        refuse(
            "", "too_many_media", f"This capture names {len(found.sightings):,} media; no machine has over {MAX_MEDIA}."
        )
    merged: list[Sighting] = []
    for sighting in found.sightings:
        for index, known in enumerate(merged):
            if _same_medium(known, sighting):
                merged[index] = Sighting(both(known.medium, sighting.medium), known.seat or sighting.seat)
                break
        else:
            merged.append(sighting)
    return merged


def _same_medium(one: Sighting, other: Sighting) -> bool:
    """Two media with one serial exist (cheap sticks, REPORT.md vm10): merging them would lose one to erase."""
    first, second = one.medium, other.medium
    if one.seat and other.seat and one.seat != other.seat:
        return False
    if one.seat and one.seat == other.seat and None in {first.serial, second.serial}:
        return True
    if first.wwn and second.wwn:
        return first.wwn == second.wwn and _same_serial(first, second, unknown=True)
    return _same_serial(first, second, unknown=False) and same_size(first, second)


def _same_serial(first: MediumFound, second: MediumFound, *, unknown: bool) -> bool:
    if first.serial is None or second.serial is None:
        return unknown
    return "".join(first.serial.split()).upper() == "".join(second.serial.split()).upper()


def same_size(first: MediumFound, second: MediumFound) -> bool:
    """Whether two tools may mean one size; one that says none contradicts none."""
    if first.size_bytes is None or second.size_bytes is None:
        return True
    return abs(first.size_bytes - second.size_bytes) <= SAME_SIZE * max(first.size_bytes, second.size_bytes)


def both(first: MediumFound, second: MediumFound) -> MediumFound:
    """What the first sighting says, filled up from the second; the longer model wins: lshw cuts at 16 characters."""
    longer = max((first.model or "", second.model or ""), key=len) or None
    return MediumFound(
        serial=first.serial or second.serial,
        kind=second.kind if first.kind == "other" else first.kind,
        size_bytes=first.size_bytes or second.size_bytes,
        manufacturer=first.manufacturer or second.manufacturer,
        model=longer,
        wwn=first.wwn or second.wwn,
        soldered=first.soldered or second.soldered,
    )
