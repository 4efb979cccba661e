"""Batteries: `upower -i` and `upower -d` (in any language's decimal marks), and the kernel's own uevent file.

Only what a machine runs on counts: upower also lists mice, phones and an imaginary display device.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from reuse.boundedjson import Node, refuse, text_at
from reuse.workshop.captures.findings import Findings, name_at, serial_at
from reuse.workshop.captures.shape import Component

MAX_BATTERIES = 20
_UPOWER = re.compile(r"^[ \t]{0,20}native-path:", re.MULTILINE)
_UEVENT = re.compile(r"^POWER_SUPPLY_(?:NAME|STATUS|TYPE)=", re.MULTILINE)
_NUMBER = re.compile(r"(\d{1,9})(?:[.,](\d{1,9}))?")
_Measured = tuple[Node, float | None, float | None, float | None]
"""A battery with what it holds when full, what it was made for, and the health that the tool tells itself."""
_LINE = re.compile(r"^\s{0,40}([a-z][a-z -]{0,40}):[ \t]{0,60}(.{0,500})$")


def is_upower(text: str) -> bool:
    """Whether this is what upower prints of one device, or of all."""
    return _UPOWER.search(text) is not None


def is_uevent(text: str) -> bool:
    """Whether this is the uevent file of a power supply (Linux, Documentation/power/power_supply_class)."""
    return _UEVENT.search(text) is not None


def read_upower(text: str, within: str = "") -> Findings:
    """The machine's batteries. Raises Invalid `no_battery` where none of the devices is one."""
    nodes = [Node({}, within)]
    for line in text.splitlines():
        if line.lstrip().startswith("native-path:"):
            nodes.append(Node({}, f"{within}/{len(nodes) - 1}"))
        if (match := _LINE.match(line)) is not None:
            nodes[-1].value.setdefault(match[1], match[2])
        elif line.strip() == "battery":
            nodes[-1].value["battery"] = ""
    batteries = [node for node in nodes[1:] if "battery" in node.value and text_at(node, "power supply") != "no"]
    real = [node for node in batteries if not (text_at(node, "native-path") or "").startswith("/org/")]
    measured = [
        (node, _amount(node, "energy-full"), _amount(node, "energy-full-design"), _amount(node, "capacity"))
        for node in real
        if text_at(node, "native-path") is not None and text_at(node, "present") != "no"
    ]
    return _findings("upower", measured, ("vendor", "model", "serial"), within)


def read_uevent(text: str, within: str = "") -> Findings:
    """The battery of a uevent file. Raises Invalid `no_battery` for another power supply."""
    node = Node({}, within)
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and key.startswith("POWER_SUPPLY_"):
            node.value.setdefault(key.removeprefix("POWER_SUPPLY_"), value[:500])
    pairs = [(_amount(node, f"{what}_FULL"), _amount(node, f"{what}_FULL_DESIGN")) for what in ("ENERGY", "CHARGE")]
    full, design = next((pair for pair in pairs if pair[1] is not None), (None, None))
    is_battery = design is not None or "CAPACITY" in node.value
    measured: list[_Measured] = [(node, full, design, None)] if is_battery and text_at(node, "PRESENT") != "0" else []
    return _findings("battery_uevent", measured, ("MANUFACTURER", "MODEL_NAME", "SERIAL_NUMBER"), within)


def _findings(name: str, measured: Sequence[_Measured], keys: tuple[str, str, str], within: str) -> Findings:
    if not measured:
        refuse(within, "no_battery", "This output names no battery that is present. Run upower -d on the machine.")
    if len(measured) > MAX_BATTERIES:
        refuse(within, "too_many_nodes", f"No machine has {len(measured):,} batteries.")
    found, quiet = Findings(name, partial=True), Findings("")
    for node, full, design, told in measured:
        maker, model, serial = (
            name_at(quiet, node, keys[0]),
            name_at(quiet, node, keys[1]),
            serial_at(quiet, node, keys[2]),
        )
        health = battery_health(full, design) if design else (min(100, round(told)) if told is not None else None)
        found.components.append(Component("battery", maker, model, serial, health_percent=health))
    known = [(full, design) for _, full, design, _ in measured if full is not None and design]
    healths = [part.health_percent for part in found.components if part.health_percent is not None]
    whole = battery_health(sum(full for full, _ in known), sum(design for _, design in known)) if known else None
    found.facts = replace(
        found.facts, battery_health_percent=whole if whole is not None else min(healths, default=None)
    )
    return found


def battery_health(full: float | None, design: float | None) -> int | None:
    """What a battery holds of its design capacity in per cent, at most 100; None where either is unknown."""
    if full is None or not design or full < 0 or not math.isfinite(full / design):
        return None
    return min(100, round(100 * full / design))


def _amount(node: Node, key: str) -> float | None:
    """The number at the beginning of a value, with a decimal point or, as in French, a comma (spec/interop.md)."""
    match = _NUMBER.match(text_at(node, key) or "")
    return float(f"{match[1]}.{match[2] or 0}") if match else None
