"""eReuse Workbench snapshots: v10 (`@type`), v11 and v12, the Android app; JSON and YAML.

Sizes come in three spellings over the versions: whole numbers are mebibytes, fractions are megabytes, texts carry their
unit (samples/ereuse: 238475 for a drive of 250,059,350,016 bytes, 500107.862016, "160042.0 MB").
"""

import json
import re
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TypedDict, cast

from reuse.boundedjson import Node, child, children, number_at, place, refuse, text_at
from reuse.errors import Fault
from reuse.workshop.captures.findings import Findings, Sighting, name_at, real_size, serial_at, warn
from reuse.workshop.captures.kinds import chassis_of, kind_by_model
from reuse.workshop.captures.shape import Component, Identity, MediumFound

_AMOUNT = re.compile(r"(\d{1,15}(?:\.\d{1,15})?) ?([A-Za-z* ]*)")
_UNITS = {"": 10**6, "mb": 10**6, "megabyte": 10**6, "mib": 2**20, "mebibyte": 2**20, "gb": 10**9, "gigabyte": 10**9}
MAX_COMPONENTS = 2_000
"""Workbench lists some thirty for a computer."""
_PARTS = {
    "RamModule": "memory",
    "Battery": "battery",
    "Processor": "processor",
    "Display": "display",
    "GraphicCard": "graphics",
}


class _Words(TypedDict):
    computers: list[str]
    phones: list[str]
    tablets: list[str]
    chassis: list[str]
    media: list[str]
    actions: list[str]


@cache
def _words() -> _Words:
    return cast("_Words", json.loads(files("reuse").joinpath("data/ereuse.json").read_text("utf-8")))


def is_snapshot(node: Node) -> bool:
    """Whether this is a snapshot of any version that lists its parts, or of the Android app."""
    return node.value.get("type") == "Snapshot" or node.value.get("@type") == "devices:Snapshot"


def read_snapshot(node: Node) -> Findings:
    """Identity, facts, parts and media of a snapshot.

    Raises Invalid `invalid_value` for a chassis or an action that Workbench does not know, `missing_value` where the
    device is missing.
    """
    found = Findings(f"ereuse_{_version(node)}")
    device = child(node, "device")
    if device is None:
        refuse(
            place(node, "device"), "missing_value", "This snapshot has no device: it is no complete Workbench snapshot."
        )
    kind = text_at(device, "@type") or text_at(device, "type")
    if kind in _words()["phones"] + _words()["tablets"]:
        return _phone(found, device, kind or "")
    if kind not in _words()["computers"]:
        _refuse_word(place(device, "type"), "a device", kind, _words()["computers"])
    _check_actions(device)
    manufacturer = name_at(found, device, "manufacturer")
    found.identity = Identity(
        manufacturer=manufacturer,
        model=name_at(found, device, "model"),
        serial=serial_at(found, device, "serialNumber"),
        chassis=_chassis(device, kind or "", old="@type" in node.value),
        virtual_machine=device.value.get("chassis") == "Virtual",
    )
    components = list(children(node, "components"))
    if len(components) > MAX_COMPONENTS:
        refuse(place(node, "components"), "too_many_nodes", f"No machine has {len(components):,} components.")
    for component in components:
        _see_component(found, component)
    if not found.sightings:
        warn(
            found, "/components", "no_internal_medium", "The snapshot lists no storage medium: look inside the machine."
        )
    return found


def _version(node: Node) -> str:
    if "@type" in node.value:
        return "v10"
    if text_at(node, "software") in {"WorkbenchAndroid", "AndroidApp"}:
        return "android"
    version = node.value.get("version")
    text = str(version) if isinstance(version, float) else text_at(node, "version")
    return "v12" if (text or "").startswith("12") else "v11"


def _refuse_word(pointer: str, what: str, word: str | None, known: list[str]) -> None:
    refuse(
        pointer,
        "invalid_value",
        f'{pointer}: "{(word or "nothing")[:60]}" is not {what} of eReuse Workbench; known: {", ".join(known[:20])}.',
    )


def _check_actions(node: Node) -> None:
    for action in children(node, "actions"):
        kind = text_at(action, "type")
        if kind not in _words()["actions"]:
            _refuse_word(place(action, "type"), "an action", kind, _words()["actions"])


def _chassis(device: Node, kind: str, *, old: bool) -> str | None:
    """v10 writes the chassis as type; later versions demand a chassis of their list for every computer."""
    if old:
        return chassis_of(text_at(device, "type"))
    word = text_at(device, "chassis")
    if word not in _words()["chassis"]:
        _refuse_word(place(device, "chassis"), "a chassis", word, _words()["chassis"])
    return {"Laptop": "laptop", "Server": "server"}.get(kind) or chassis_of(word)


def _phone(found: Findings, device: Node, kind: str) -> Findings:
    """A phone or tablet is one medium (spec/wiping.md); the app's storage size has no known unit and is left out."""
    manufacturer, model = name_at(found, device, "manufacturer"), name_at(found, device, "model")
    serial = serial_at(found, device, "serialNumber")
    chassis = "tablet" if kind in _words()["tablets"] else "other"
    found.identity = Identity(manufacturer=manufacturer, model=model, serial=serial, chassis=chassis)
    ram = number_at(device, "ramSize")
    found.facts = replace(
        found.facts, ram_bytes=real_size(found, ram * 2**20, place(device, "ramSize")) if ram else None
    )
    found.sightings.append(Sighting(MediumFound(serial, "phone", None, manufacturer, model, None, soldered=True)))
    return found


def _see_component(found: Findings, component: Node) -> None:
    kind = text_at(component, "@type") or text_at(component, "type")
    _check_actions(component)
    if kind in _words()["media"]:
        found.sightings.append(Sighting(_medium(found, component, kind or "")))
    elif kind in _PARTS:
        _see_part(found, component, _PARTS[kind or ""])


def _medium(found: Findings, component: Node, kind: str) -> MediumFound:
    model = name_at(found, component, "model")
    interface = (text_at(component, "interface") or "").upper()
    told = {"HardDrive": "hdd", "SolidStateDrive": "ssd_sata"}.get(kind) if "@type" not in component.value else None
    if interface == "USB":
        told = "usb"
    elif interface == "NVME" or "NVME" in (model or "").upper():
        told = "ssd_nvme"
    sure = told or kind_by_model(model) or "other"
    if sure == "other":
        warn(
            found,
            component.pointer,
            "kind_unknown",
            f"The snapshot does not say what kind of medium {model} is: check it.",
        )
    return MediumFound(
        serial=serial_at(found, component, "serialNumber"),
        kind=sure,
        size_bytes=_size(found, component),
        manufacturer=name_at(found, component, "manufacturer"),
        model=model,
        wwn=None,
        soldered=False,
    )


def _see_part(found: Findings, component: Node, kind: str) -> None:
    """Parts' placeholders are usual and dropped without a word."""
    quiet = Findings("")
    maker, model = name_at(quiet, component, "manufacturer"), name_at(quiet, component, "model")
    size = _size(quiet, component, unit=2**20) if kind == "memory" else None
    serial = serial_at(quiet, component, "serialNumber") if kind in {"memory", "battery"} else None
    found.components.append(Component(kind, maker, model, serial, size))
    facts = found.facts
    if kind == "memory":
        found.facts = replace(facts, ram_bytes=(facts.ram_bytes or 0) + (size or 0) or None)
    elif kind == "processor":
        found.facts = replace(facts, cpu=facts.cpu or model)
    elif kind == "display" and facts.screen_inches is None:
        width, height = number_at(component, "resolutionWidth"), number_at(component, "resolutionHeight")
        inches = _amount(component, "size")
        found.facts = replace(
            facts,
            screen_inches=round(inches[0], 1) if inches is not None else None,
            screen_width_px=int(width) if width is not None else None,
            screen_height_px=int(height) if height is not None else None,
        )
    elif kind == "battery":
        found.facts = replace(facts, battery_health_percent=_battery_health(component))


def _battery_health(battery: Node) -> int | None:
    """What the last measure holds of the design capacity, at most 100."""
    design = _amount(battery, "size")
    measured = [
        _amount(action, "size")
        for action in children(battery, "actions")
        if text_at(action, "type") == "MeasureBattery"
    ]
    if design is None or not design[0] or not measured or measured[-1] is None:
        return None
    return min(100, round(100 * measured[-1][0] / design[0]))


def _amount(node: Node, key: str) -> tuple[float, str] | None:
    """A number with its unit in lower case; versions before 12 wrote some amounts as text."""
    value = node.value.get(key)
    if not isinstance(value, str):
        number = number_at(node, key)
        return None if number is None or number < 0 else (number, "")
    match = _AMOUNT.fullmatch(value.strip())
    if match is None:
        refuse(place(node, key), "wrong_type", f'{place(node, key)}: "{value[:40]}" is no number with a unit.')
    return float(match[1]), match[2].strip().lower()


def _size(found: Findings, node: Node, *, unit: int | None = None) -> int | None:
    amount = _amount(node, "size")
    if amount is None:
        return None
    number, word = amount
    if word not in _UNITS:
        found.warnings.append(
            Fault(place(node, "size"), "impossible_size", f'The unit "{word[:20]}" of a size is unknown.')
        )
        return None
    whole = isinstance(node.value.get("size"), int)
    factor = _UNITS[word] if word else (unit or (2**20 if whole else 10**6))
    return real_size(found, number * factor, place(node, "size"))
