"""lshw -json: a tree of nodes with class, description, product, vendor, serial (lshw B.02.17 to B.02.20).

Traps, each seen in samples: backslashes that are not escaped (samples/virtual-machines/REPORT.md 12), NVMe controllers
whose namespaces hold the size, USB bridges whose serial stands one node above, card readers without a card, CD drives.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from reuse.boundedjson import MAX_DEPTH, Node, child, children, parse_json, place, refuse, text_at
from reuse.errors import Invalid
from reuse.workshop.captures.findings import (
    Findings,
    model_name,
    name_at,
    real_serial,
    real_uuid,
    serial_at,
    size_at,
    warn,
)
from reuse.workshop.captures.kinds import chassis_of
from reuse.workshop.captures.lshw_media import see_media
from reuse.workshop.captures.shape import Component, Identity

MAX_NODES = 20_000
"""A server with 128 processors has some 2,000."""
_OWN_STYLE = re.compile(r'^\s*"(?:id|class)" : "', re.MULTILINE)
_LINE = re.compile(r'^(\s*(?:"[^"]*" : )?")(.*)("\s*,?\s*)$')
_BARE_BACKSLASH = re.compile(r'(?<!\\)\\(?!["\\/])')


def parse_lshw(text: str) -> object:
    r"""Parse lshw's JSON, with the backslashes repaired that lshw does not escape.

    lshw strips control characters and escapes quotes only (hw.cc, print.cc), so in its own layout, one key a line, a
    lone backslash is always meant as such, even where `\b` or `\u0041` would be valid JSON.
    """
    own_style = _OWN_STYLE.search(text) is not None
    if own_style and _BARE_BACKSLASH.search(text):
        return parse_json(_repaired(text))
    try:
        return parse_json(text)
    except Invalid:
        if not own_style:
            raise
        return _parse_repaired(text)


def _parse_repaired(text: str) -> object:
    """Repair at any price: old versions also print `-class` lists as objects without brackets around them."""
    try:
        return parse_json(_repaired(text))
    except Invalid:
        return parse_json(f"[{_repaired(text).rstrip().rstrip(',')}]")


def _repaired(text: str) -> str:
    return "\n".join(_repaired_line(line) for line in text.split("\n"))


def _repaired_line(line: str) -> str:
    match = _LINE.match(line)
    if match is None or "\\" not in line:
        return line
    before, inner, after = match.groups()
    meant = inner.replace('\\"', '"')
    return before[:-1] + json.dumps(meant, ensure_ascii=False) + after[1:]


def is_lshw(nodes: list[Node]) -> bool:
    """Whether this looks like lshw: nodes with id and class."""
    return bool(nodes) and {"id", "class"} <= nodes[0].value.keys()


@dataclass(frozen=True, slots=True)
class Spot:
    """A node of the tree and the nodes above it, nearest last."""

    node: Node
    above: tuple[Node, ...]


def read_lshw(tops: list[Node]) -> Findings:
    """Identity, facts, parts and media of an lshw tree; a list without its system node tells no whole machine.

    Raises Invalid `several_machines` where two machines' outputs are pasted together.
    """
    found = Findings("lshw")
    systems = [top for top in tops if top.value.get("class") == "system" and "children" in top.value]
    if len(systems) > 1:
        refuse(
            systems[1].pointer, "several_machines", "This holds the lshw output of two machines: send one at a time."
        )
    found.partial = not systems
    if systems:
        found.identity = _identity(found, systems[0])
    spots = list(islice((spot for top in tops for spot in _walk(top, ())), MAX_NODES + 1))
    if len(spots) > MAX_NODES:
        refuse("", "too_many_nodes", f"This lshw tree has more than {MAX_NODES:,} nodes, which no machine has.")
    _see_parts(found, spots)
    found.sightings = see_media(found, [(spot.node, spot.above) for spot in spots])
    if not found.partial and not any(each.medium.kind not in {"usb", "sd"} for each in found.sightings):
        warn(
            found,
            "",
            "no_internal_medium",
            "lshw shows no built-in storage medium: look inside. Soldered eMMC and disks behind RAID may be missed.",
        )
    return found


def _walk(node: Node, above: tuple[Node, ...]) -> Iterator[Spot]:
    yield Spot(node, above)
    if len(above) < MAX_DEPTH:
        for inner in children(node, "children"):
            yield from _walk(inner, (*above, node))


def _identity(found: Findings, system: Node) -> Identity:
    """Maker, model, serial; lshw appends the SKU to the product, in brackets."""
    configuration = child(system, "configuration") or Node({}, place(system, "configuration"))
    sku = text_at(configuration, "sku")
    names = {"product": text_at(system, "product"), "version": system.value.get("version")}
    if names["product"] is not None and sku is not None:
        names["product"] = str(names["product"]).removesuffix(f"({sku})").rstrip()
    manufacturer = name_at(found, system, "vendor")
    model = model_name(found, manufacturer, Node(names, system.pointer), ("product", "version"))
    chassis = text_at(configuration, "chassis") or text_at(system, "description")
    return Identity(
        manufacturer=manufacturer,
        model=model,
        serial=serial_at(found, system, "serial"),
        uuid=real_uuid(found, text_at(configuration, "uuid"), place(configuration, "uuid")),
        chassis=None if chassis == "Computer" else chassis_of(chassis),
    )


def _see_parts(found: Findings, spots: list[Spot]) -> None:
    """Processor, memory modules, batteries; a module's placeholders are usual and are dropped without a word."""
    ram = 0
    for spot in spots:
        node = spot.node
        kind = text_at(node, "class")
        description = (text_at(node, "description") or "").lower()
        if kind == "processor" and found.facts.cpu is None:
            found.facts = replace(found.facts, cpu=text_at(node, "product"))
            _see_part(found, node, "processor", with_serial=False)
        elif kind == "memory" and description.startswith("system memory"):
            ram += _ram(found, node)
        elif kind == "memory" and (text_at(node, "id") or "").startswith("bank") and node.value.get("size"):
            _see_part(found, node, "memory", with_serial=True)
        elif kind == "power" and "battery" in description + (text_at(node, "id") or ""):
            _see_part(found, node, "battery", with_serial=True)
        elif kind == "display":
            _see_part(found, node, "graphics", with_serial=False)
        if _says_virtual(node):
            found.identity = replace(found.identity, virtual_machine=True)
    found.facts = replace(found.facts, ram_bytes=ram or None)


def _ram(found: Findings, memory: Node) -> int:
    own = size_at(found, memory, "size")
    return own or sum(size_at(found, bank, "size") or 0 for bank in children(memory, "children"))


def _see_part(found: Findings, node: Node, kind: str, *, with_serial: bool) -> None:
    quiet = Findings("")
    found.components.append(
        Component(
            kind=kind,
            manufacturer=name_at(quiet, node, "vendor"),
            model=name_at(quiet, node, "product"),
            serial=real_serial(quiet, text_at(node, "serial"), "") if with_serial else None,
            size_bytes=size_at(quiet, node, "size") if kind == "memory" else None,
        )
    )


def _says_virtual(node: Node) -> bool:
    """The firmware's SMBIOS flag (DSP0134, 7.1.2, extension byte 2, bit 4), or the processor's hypervisor bit."""
    capabilities = child(node, "capabilities")
    if capabilities is None:
        return False
    wanted = {"memory": "virtualmachine", "processor": "hypervisor"}.get(text_at(node, "class") or "")
    return wanted is not None and wanted in capabilities.value
