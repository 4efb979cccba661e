"""The storage media in an lshw tree: what holds data, and what only looks like it."""

import re
from dataclasses import dataclass

from reuse.boundedjson import Node, as_list, child, children, place, text_at, wrong_type
from reuse.workshop.captures.findings import Findings, Sighting, name_at, seat_of, serial_at, size_at, warn
from reuse.workshop.captures.kinds import RAID_VOLUME, is_raid_volume, kind_by_model
from reuse.workshop.captures.shape import MediumFound

_OPTICAL = re.compile(r"\b(cd|dvd|bd|blu-ray)[ -]?(rom|ram|r|rw|reader|writer)?\b", re.IGNORECASE)
_CARD_READER = re.compile(
    r"card|reader|sd/mmc|mmc|multi-?reader|compact ?flash|\bsd\b|\bms\b|\bcf\b|\bsm/xd\b", re.IGNORECASE
)
_BLOCK_DEVICE = re.compile(r"(?:/dev/)?((?:sd|hd|vd|xvd)[a-z]+|nvme\d+n\d+|mmcblk\d+|sr\d+)$")
_LIVE_MOUNTS = ("/lib/live/mount", "/run/live/", "/cdrom", "/run/archiso", "/run/initramfs/live", "/live/")


@dataclass(frozen=True, slots=True)
class _Seat:
    """What the nodes around a disk say about it."""

    nvme: Node | None
    usb: Node | None
    card: bool


def see_media(found: Findings, spots: list[tuple[Node, tuple[Node, ...]]]) -> list[Sighting]:
    """Every medium of the tree, in its order."""
    media: list[Sighting] = []
    for node, above in spots:
        if _is_nvme(node):
            media.extend(_nvme(found, node))
        elif _is_card(node):
            media.extend(_card(found, node))
        elif text_at(node, "class") == "disk" and not _belongs_to_another(above) and not _is_optical(node):
            media.extend(_disk(found, node, _seat_of(above)))
    return media


def _is_nvme(node: Node) -> bool:
    """The controller is the medium: its namespaces are areas of it."""
    return text_at(node, "class") == "storage" and (
        ("nvm_express" in _capabilities(node) and text_at(node, "serial") is not None) or _has_namespaces(node)
    )


def _has_namespaces(node: Node) -> bool:
    return any((text_at(inner, "id") or "").startswith("namespace") for inner in children(node, "children"))


def _is_card(node: Node) -> bool:
    """A card or soldered chip on an MMC host (lshw, mmc.cc): a disk in newer versions, generic in older ones."""
    return (text_at(node, "businfo") or "").startswith("mmc@") and text_at(node, "class") in {"disk", "generic"}


def _belongs_to_another(above: tuple[Node, ...]) -> bool:
    return any(_is_nvme(node) or _is_card(node) or text_at(node, "class") == "disk" for node in above)


def _is_optical(node: Node) -> bool:
    names = _logical_names(node)
    return (
        (text_at(node, "id") or "").startswith(("cdrom", "floppy"))
        or any(name.startswith(("/dev/sr", "/dev/cd", "/dev/dvd", "/dev/fd")) for name in names)
        or bool({"dvd", "cd-r", "cd-rw", "dvd-r", "dvd-ram", "audio"} & _capabilities(node))
        or _OPTICAL.match(text_at(node, "description") or "") is not None
    )


def _seat_of(above: tuple[Node, ...]) -> _Seat:
    usb = next((node for node in reversed(above) if (text_at(node, "businfo") or "").startswith("usb@")), None)
    words = " ".join(text_at(node, key) or "" for node in above[-1:] for key in ("product", "description"))
    return _Seat(None, usb, usb is not None and _CARD_READER.search(words) is not None)


def _nvme(found: Findings, controller: Node) -> list[Sighting]:
    """One medium per controller, as large as its namespaces together; `nqn` and `wwid` are not read (REPORT.md 11)."""
    sizes: dict[str, int] = {}
    for index, inner in enumerate(children(controller, "children")):
        size = size_at(found, inner, "size") if text_at(inner, "class") == "disk" else None
        if size is not None:
            sizes[_block_name(inner) or f"{index}"] = size
    medium = MediumFound(
        serial=serial_at(found, controller, "serial"),
        kind="ssd_nvme",
        size_bytes=sum(sizes.values()) or None,
        manufacturer=name_at(found, controller, "vendor"),
        model=name_at(found, controller, "product"),
        wwn=None,
        soldered=False,
    )
    return [Sighting(medium, seat_of(next(iter(_logical_names(controller)), None)))]


def _card(found: Findings, card: Node) -> list[Sighting]:
    """An SD card, or an eMMC chip; a wireless card on the same bus holds no data and shows no block device."""
    blocks = [card, *children(card, "children")]
    block = next((node for node in blocks if (_block_name(node) or "").startswith("mmcblk")), None)
    if block is None:
        return []
    removable = "SD Card" in (text_at(card, "description") or "") or {"removable", "sd"} & _capabilities(card)
    medium = MediumFound(
        serial=serial_at(found, card, "serial"),
        kind="sd" if removable else "emmc",
        size_bytes=size_at(found, block, "size"),
        manufacturer=name_at(found, card, "vendor"),
        model=name_at(found, card, "product"),
        wwn=None,
        soldered=not removable,
    )
    return [Sighting(medium, _block_name(block))]


def _disk(found: Findings, disk: Node, seat: _Seat) -> list[Sighting]:
    """A disk on SATA, IDE, SCSI or USB; a reader's empty slot has neither size nor medium and is none."""
    inserted = next(
        (node for node in children(disk, "children") if (text_at(node, "id") or "").startswith("medium")), None
    )
    size = size_at(found, disk, "size") or (size_at(found, inserted, "size") if inserted is not None else None)
    serial = None if seat.card else serial_at(found, disk, "serial")
    if seat.usb is not None and size is None:
        return []
    if serial is None and seat.usb is not None and not seat.card:
        serial = serial_at(found, seat.usb, "serial")
    model = name_at(found, disk, "product")
    kind = _kind(disk, model, seat)
    if kind == "other":
        warn(
            found,
            disk.pointer,
            "kind_unknown",
            f"lshw does not say whether {model or 'this disk'} is an SSD: check it.",
        )
    if seat.usb is not None and _carries_live_system(disk):
        warn(
            found,
            disk.pointer,
            "live_medium",
            f"The tool ran from {model or 'this stick'}: if it is the workshop's, say removed.",
        )
    if is_raid_volume(model):
        warn(found, disk.pointer, "raid_volume", RAID_VOLUME)
    name = _block_name(disk)
    return [
        Sighting(MediumFound(serial, kind, size, name_at(found, disk, "vendor"), model, None, soldered=False), name)
    ]


def _kind(disk: Node, model: str | None, seat: _Seat) -> str:
    if seat.usb is not None:
        return "sd" if seat.card else "usb"
    if (_block_name(disk) or "").startswith("mmcblk"):
        return "emmc"
    if any(re.fullmatch(r"\d+rpm", word) for word in _capabilities(disk)):
        return "hdd"
    return kind_by_model(model) or "other"


def _carries_live_system(disk: Node) -> bool:
    rows = list(children(disk, "children"))
    rows += [inner for row in rows for inner in children(row, "children")]
    return any(name.startswith(_LIVE_MOUNTS) for row in rows for name in _logical_names(row))


def _logical_names(node: Node) -> list[str]:
    """`logicalname` is a text, or a list of texts where a device has several names."""
    value = node.value.get("logicalname")
    if value is None or isinstance(value, str):
        return [value] if value else []
    pointer = place(node, "logicalname")
    names = as_list(value, pointer)
    for index, name in enumerate(names):
        if not isinstance(name, str):
            wrong_type(f"{pointer}/{index}", "text", name)
    return [str(name) for name in names]


def _block_name(node: Node) -> str | None:
    """sda, nvme0n1, mmcblk0: the whole device, never mmcblk0boot0 or a partition."""
    return next((match[1] for name in _logical_names(node) if (match := _BLOCK_DEVICE.fullmatch(name))), None)


def _capabilities(node: Node) -> set[str]:
    capabilities = child(node, "capabilities")
    return set() if capabilities is None else set(capabilities.value)
