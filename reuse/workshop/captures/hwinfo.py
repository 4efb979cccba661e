"""hwinfo's text (hwinfo --all, or several classes): blocks that begin with a number, fields indented below them.

Seen in samples/ereuse (debug.hwinfo): values in quotes, numbers in brackets, card reader slots without a medium, and
the same USB device twice, once as the bus sees it and once as a block device.
"""

import math
import re
from dataclasses import dataclass, field, replace

from reuse.boundedjson import Node, refuse, text_at
from reuse.workshop.captures.findings import (
    Findings,
    Sighting,
    asset_tag_at,
    model_name,
    name_at,
    real_size,
    real_uuid,
    seat_of,
    serial_at,
    warn,
)
from reuse.workshop.captures.kinds import RAID_VOLUME, chassis_of, is_raid_volume, kind_by_model
from reuse.workshop.captures.shape import Component, Identity, MediumFound

MAX_BLOCKS = 5_000
"""A large server prints some 300."""
_BLOCK = re.compile(r"^(\d{1,6}): \S.{0,200}$")
_GROUP = re.compile(r"^  ([A-Z][A-Za-z /]{0,60}):(?: #\d{1,6})?\s*$")
_FIELD = re.compile(r"^ {2,8}([A-Z][A-Za-z /()]{0,60}): ?(.{0,2000})$")
_QUOTED = re.compile(r'"([^"]*)"')
_BRACKETS = re.compile(r"\(([^()]*)\)")
_CAPACITY = re.compile(r"\((\d{1,20}) bytes\)")
_AMOUNT = re.compile(r"(\d{1,9}) (kB|MB|GB|TB)")
_UNIT = {"kB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
_MILLIMETRES = re.compile(r"(\d{1,5})x(\d{1,5}) mm")
_PIXELS = re.compile(r"(\d{2,5})x(\d{2,5})")
_CARD_READER = re.compile(r"card ?reader|compact ?flash|sd/mmc|m\.s\.|sm/xd|\bsd\b|\bmmc\b", re.IGNORECASE)
_USB_DRIVER = re.compile(r'"(?:usb-storage|uas|ums-[a-z]+)"')
_OWN_SCREEN = frozenset({"laptop", "tablet"})
"""Only these carry the screen that hwinfo sees; at another machine it may be the bench's."""


@dataclass(slots=True)
class Block:
    """One device of the list; SMBIOS groups inside the BIOS block are kept by their names."""

    node: Node
    groups: list[tuple[str, Node]] = field(default_factory=list[tuple[str, Node]])

    @property
    def kind(self) -> str:
        """The hardware class: bios, cpu, memory, disk, monitor and so on."""
        return text_at(self.node, "Hardware Class") or ""


def is_hwinfo(text: str) -> bool:
    """Whether this is hwinfo's text, by its first block."""
    return re.search(r"^\d{1,6}: \S.{0,200}\n  \[Created at [a-z_]+\.\d+\]", text, re.MULTILINE) is not None


def read_hwinfo(text: str, within: str = "") -> Findings:
    """Identity, processor, memory, screen and media; partial where the BIOS or the disks are not in the list."""
    found = Findings("hwinfo")
    blocks = _blocks(text, within)
    kinds = {block.kind for block in blocks}
    found.partial = not {"bios", "disk"} <= kinds
    for block in blocks:
        if block.kind == "bios":
            _see_bios(found, block)
    for block in blocks:
        if block.kind == "disk":
            _see_disk(found, block.node)
        elif block.kind == "cpu" and found.facts.cpu is None:
            found.facts = replace(found.facts, cpu=_value(block.node, "Model"))
        elif block.kind == "memory" and found.facts.ram_bytes is None:
            found.facts = replace(found.facts, ram_bytes=_amounts(text_at(block.node, "Memory Size")))
        elif block.kind == "monitor" and found.identity.chassis in _OWN_SCREEN and found.facts.screen_inches is None:
            _see_screen(found, block.node)
    return found


def _blocks(text: str, within: str) -> list[Block]:
    blocks: list[Block] = []
    for line in text.splitlines():
        if (start := _BLOCK.match(line)) is not None:
            if len(blocks) >= MAX_BLOCKS:
                refuse(within, "too_many_nodes", f"This hwinfo output lists more than {MAX_BLOCKS:,} devices.")
            blocks.append(Block(Node({}, f"{within}/{start[1]}")))
        elif blocks:
            _take_line(blocks[-1], line)
    return blocks


def _take_line(block: Block, line: str) -> None:
    group = _GROUP.match(line)
    if group is not None:
        block.groups.append((group[1], Node({}, f"{block.node.pointer}/{group[1].replace(' ', '_')}")))
    elif (match := _FIELD.match(line)) is not None:
        inside = line.startswith("    ") and block.groups
        target = block.groups[-1][1] if inside else block.node
        target.value.setdefault(match[1], match[2])


def _see_bios(found: Findings, bios: Block) -> None:
    groups = dict(reversed(bios.groups))
    system, chassis = groups.get("System Info"), groups.get("Chassis Info")
    if system is not None:
        plain = _plain(system)
        manufacturer = name_at(found, plain, "Manufacturer")
        found.identity = Identity(
            manufacturer=manufacturer,
            model=model_name(found, manufacturer, plain, ("Product", "Version")),
            serial=serial_at(found, plain, "Serial"),
            uuid=_uuid(found, plain),
        )
    if chassis is not None:
        plain = _plain(chassis)
        kind = _BRACKETS.search(text_at(chassis, "Type") or "")
        found.identity = replace(
            found.identity,
            chassis=chassis_of(kind[1] if kind else None),
            asset_tag=asset_tag_at(found, plain, "Asset Tag"),
        )
    modules = [_plain(node) for name, node in bios.groups if name == "Memory Device"]
    found.facts = replace(found.facts, ram_slots=len(modules) or None)
    for module in modules:
        _see_module(found, module)


def _uuid(found: Findings, system: Node) -> str | None:
    value = text_at(system, "UUID") or ""
    return real_uuid(found, value, f"{system.pointer}/UUID") if re.fullmatch(r"[0-9a-fA-F-]{32,36}", value) else None


def _see_module(found: Findings, module: Node) -> None:
    """A memory module; a slot without one has no size, and placeholders are usual there."""
    size = _amounts(text_at(module, "Size"))
    if not size:
        return
    quiet = Findings("")
    maker, model = name_at(quiet, module, "Manufacturer"), name_at(quiet, module, "Part Number")
    found.components.append(Component("memory", maker, model, serial_at(quiet, module, "Serial"), size))


def _see_disk(found: Findings, disk: Node) -> None:
    """A block device with something in it; the bus's own view of a USB device has no device file and is left out."""
    capacity = _CAPACITY.search(text_at(disk, "Capacity") or "")
    if text_at(disk, "Device File") is None or text_at(disk, "Drive status") == "no medium":
        return
    plain = _plain(disk)
    model = name_at(found, plain, "Model")
    kind = _kind(disk, model)
    if kind == "other":
        warn(found, disk.pointer, "kind_unknown", f"hwinfo does not say what {model or 'this medium'} is: check it.")
    if is_raid_volume(model):
        warn(found, disk.pointer, "raid_volume", RAID_VOLUME)
    medium = MediumFound(
        serial=serial_at(found, plain, "Serial ID") if kind != "sd" else None,
        kind=kind,
        size_bytes=real_size(found, int(capacity[1]), disk.pointer) if capacity else None,
        manufacturer=name_at(Findings(""), plain, "Vendor"),
        model=model,
        wwn=None,
        soldered=False,
    )
    found.sightings.append(Sighting(medium, seat_of(text_at(disk, "Device File"))))


def _kind(disk: Node, model: str | None) -> str:
    if _USB_DRIVER.search(text_at(disk, "Driver") or ""):
        return "sd" if _CARD_READER.search(model or "") else "usb"
    if (text_at(disk, "Device File") or "").startswith("/dev/nvme"):
        return "ssd_nvme"
    return kind_by_model(model) or "other"


def _see_screen(found: Findings, monitor: Node) -> None:
    """The panel's diagonal from its sides in millimetres, and its own resolution from the detailed timing."""
    sides = _MILLIMETRES.search(text_at(monitor, "Size") or "")
    pixels = _PIXELS.search(text_at(monitor, "Max. Resolution") or text_at(monitor, "Resolution") or "")
    inches = round(math.hypot(int(sides[1]), int(sides[2])) / 25.4, 1) if sides else None
    found.facts = replace(
        found.facts,
        screen_inches=inches or None,
        screen_width_px=int(pixels[1]) if pixels else None,
        screen_height_px=int(pixels[2]) if pixels else None,
    )


def _plain(node: Node) -> Node:
    """The node with its values out of their quotes."""
    return Node({key: _bare(str(value)) for key, value in node.value.items()}, node.pointer)


def _value(node: Node, key: str) -> str | None:
    return text_at(_plain(node), key)


def _bare(value: str) -> str:
    quoted = _QUOTED.search(value)
    return quoted[1] if quoted else value


def _amounts(text: str | None) -> int | None:
    """A sum such as `7 GB + 512 MB`, in bytes; hwinfo counts in powers of two."""
    return sum(int(number) * _UNIT[unit] for number, unit in _AMOUNT.findall(text or "")) or None
