"""GLPI inventory JSON (glpi-project, inventory_format): one machine as its agent sees it.

Users, software, networks, SIM cards, host names, drives with their mounts and the tag are never looked at.
"""

import re
from dataclasses import replace

from reuse.boundedjson import Node, child, children, number_at, place, refuse, text_at
from reuse.workshop.captures.battery import battery_health
from reuse.workshop.captures.edid import screen_of
from reuse.workshop.captures.findings import (
    Findings,
    Sighting,
    asset_tag_at,
    name_at,
    real_uuid,
    seat_of,
    serial_at,
    size_at,
    warn,
)
from reuse.workshop.captures.kinds import chassis_of, kind_by_model
from reuse.workshop.captures.shape import Component, Identity, MediumFound

MAX_PARTS = 2_000
"""More storages, memories or batteries than any machine lists."""
_OPTICAL = re.compile(r"\b(?:cd|dvd|bd)[ -]?(?:rom|ram|r|rw|writer)?\b|\bsr\d|optical|floppy|tape", re.IGNORECASE)
_PHYSICAL = {"physical", ""}
_OTHER_THINGS = {"printer", "networkequipment", "monitor", "peripheral", "unmanaged", "cluster"}
_ANDROID_BUILDS = frozenset({"release-keys", "test-keys", "dev-keys"})
"""Android agents put the build's signing keys in the place of the asset tag (samples/glpi/phone_1.json)."""


def is_glpi(node: Node) -> bool:
    """Whether this is an inventory of a GLPI or FusionInventory agent."""
    return {"content", "deviceid"} <= node.value.keys() and isinstance(node.value["content"], dict)


def read_glpi(node: Node) -> Findings:
    """Identity, processor, memory, screen, battery and media of an inventory.

    A phone is one medium. Printers and the like tell their identity only, so the capture is partial.
    """
    found = Findings("glpi")
    content = child(node, "content") or Node({}, "/content")
    hardware = child(content, "hardware") or Node({}, place(content, "hardware"))
    item = (text_at(node, "itemtype") or "computer").lower()
    bios = child(content, "bios") or Node({}, place(content, "bios"))
    found.identity = _identity(found, bios, hardware)
    if item == "phone":
        _see_phone(found, content)
        return found
    found.partial = item in _OTHER_THINGS or content.value.get("storages") is None
    for storage in _some(content, "storages"):
        _see_storage(found, storage)
    _see_parts(found, content, hardware)
    return found


def _some(content: Node, key: str) -> list[Node]:
    parts = list(children(content, key))
    if len(parts) > MAX_PARTS:
        refuse(place(content, key), "too_many_nodes", f"No machine has {len(parts):,} {key}.")
    return parts


def _identity(found: Findings, bios: Node, hardware: Node) -> Identity:
    manufacturer = name_at(found, bios, "smanufacturer") or name_at(found, bios, "mmanufacturer")
    model = name_at(found, bios, "smodel") or name_at(found, bios, "mmodel")
    uuid = text_at(hardware, "uuid")
    is_uuid = uuid is not None and re.fullmatch(r"[0-9a-fA-F-]{32,36}", uuid) is not None
    return Identity(
        manufacturer=manufacturer,
        model=model,
        serial=serial_at(found, bios, "ssn"),
        asset_tag=None if text_at(bios, "assettag") in _ANDROID_BUILDS else asset_tag_at(found, bios, "assettag"),
        uuid=real_uuid(found, uuid, place(hardware, "uuid")) if is_uuid else None,
        chassis=chassis_of(text_at(hardware, "chassis_type")),
        virtual_machine=(text_at(hardware, "vmsystem") or "").lower() not in _PHYSICAL,
    )


def _see_phone(found: Findings, content: Node) -> None:
    """A phone is one medium (spec/wiping.md), under the serial of the phone."""
    who = found.identity
    found.identity = replace(who, chassis=who.chassis or "other")
    found.sightings.append(
        Sighting(MediumFound(who.serial, "phone", None, who.manufacturer, who.model, None, soldered=True))
    )
    _see_memory(found, content)


def _see_storage(found: Findings, storage: Node) -> None:
    model = name_at(found, storage, "model")
    words = " ".join(text_at(storage, key) or "" for key in ("name", "type", "model", "description"))
    size = size_at(found, storage, "disksize", unit=10**6)
    serial = serial_at(found, storage, "serial")
    if _OPTICAL.search(words) or (size is None and serial is None):
        return
    kind = _kind(storage, model, words.lower())
    if kind == "other":
        warn(found, storage.pointer, "kind_unknown", f"GLPI does not say what kind of medium {model} is: check it.")
    medium = MediumFound(
        serial=serial,
        kind=kind,
        size_bytes=size,
        manufacturer=name_at(Findings(""), storage, "manufacturer"),
        model=model,
        wwn=None,
        soldered=False,
    )
    found.sightings.append(Sighting(medium, seat_of(text_at(storage, "name"))))


def _kind(storage: Node, model: str | None, words: str) -> str:
    interface = (text_at(storage, "interface") or text_at(storage, "description") or "").upper()
    if "USB" in interface:
        return "usb"
    if "NVME" in interface or "nvme" in words:
        return "ssd_nvme"
    return kind_by_model(model) or "other"


def _see_parts(found: Findings, content: Node, hardware: Node) -> None:
    _see_memory(found, content)
    memory = size_at(found, hardware, "memory", unit=2**20)
    cpu = next((text_at(one, "name") for one in _some(content, "cpus")), None)
    found.facts = replace(found.facts, ram_bytes=found.facts.ram_bytes or memory, cpu=cpu)
    quiet = Findings("")
    healths: list[int] = []
    for battery in _some(content, "batteries"):
        health = battery_health(number_at(battery, "real_capacity"), number_at(battery, "capacity"))
        healths += [health] if health is not None else []
        maker, model = name_at(quiet, battery, "manufacturer"), name_at(quiet, battery, "name")
        serial = serial_at(quiet, battery, "serial")
        found.components.append(Component("battery", maker, model, serial, health_percent=health))
    found.facts = replace(found.facts, battery_health_percent=min(healths, default=None))
    if found.identity.chassis in {"laptop", "tablet"}:  # at another machine it may be the bench's screen
        _see_screen(found, content)


def _see_memory(found: Findings, content: Node) -> None:
    quiet = Findings("")
    modules = _some(content, "memories")
    for module in modules:
        size = size_at(found, module, "capacity", unit=2**20)
        if size is None:
            continue
        found.facts = replace(found.facts, ram_bytes=(found.facts.ram_bytes or 0) + size)
        maker, serial = name_at(quiet, module, "manufacturer"), serial_at(quiet, module, "serialnumber")
        found.components.append(Component("memory", maker, None, serial, size))
    found.facts = replace(found.facts, ram_slots=len(modules) or None)


def _see_screen(found: Findings, content: Node) -> None:
    quiet = Findings("")
    for monitor in _some(content, "monitors"):
        maker, model = name_at(quiet, monitor, "manufacturer"), name_at(quiet, monitor, "name")
        found.components.append(Component("display", maker, model, serial_at(quiet, monitor, "serial")))
        screen = screen_of(text_at(monitor, "base64"))
        if screen is not None and found.facts.screen_inches is None:
            found.facts = replace(
                found.facts,
                screen_inches=screen.inches,
                screen_width_px=screen.width_px,
                screen_height_px=screen.height_px,
            )
