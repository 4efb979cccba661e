"""nvme-cli: `nvme list -o json` (1.x and 2.x) and `nvme id-ctrl -o json`; media only, never the whole machine."""

from dataclasses import replace

from reuse.boundedjson import Node, children, refuse, text_at
from reuse.workshop.captures.findings import Findings, Sighting, name_at, real_size, serial_at, size_at
from reuse.workshop.captures.shape import MediumFound


def is_nvme_list(node: Node) -> bool:
    """Whether this is the output of nvme list."""
    return "Devices" in node.value


def is_nvme_id_ctrl(node: Node) -> bool:
    """Whether this is the output of nvme id-ctrl."""
    return {"sn", "mn", "fr"} <= node.value.keys()


def read_nvme_list(node: Node) -> Findings:
    """The media of nvme list: one per controller; namespaces of one serial are added up.

    Raises Invalid `no_medium` for an empty list.
    """
    found = Findings("nvme_list", partial=True)
    rows = _rows(node)
    once = {_seat(row, index): row for index, row in enumerate(rows)}
    by_serial: dict[str, MediumFound] = {}
    for seat, row in once.items():
        medium = _row(found, row)
        key = medium.serial or seat
        by_serial[key] = _grown(by_serial[key], medium) if key in by_serial else medium
    found.sightings = [Sighting(medium) for medium in by_serial.values()]
    if not found.sightings:
        refuse(f"{node.pointer}/Devices", "no_medium", "nvme list shows no drive on this machine.")
    return found


def _seat(row: Node, index: int) -> str:
    return text_at(row, "DevicePath") or text_at(row, "Controller") or f"row {index}"


def _rows(node: Node) -> list[Node]:
    """Flat rows (1.x), or devices with subsystems with controllers (2.x verbose)."""
    devices = list(children(node, "Devices"))
    nested = [
        control
        for device in devices
        for sub in children(device, "Subsystems")
        for control in children(sub, "Controllers")
    ]
    flat = [device for device in devices if "SerialNumber" in device.value]
    return flat + nested + [control for device in devices for control in children(device, "Controllers")]


def _row(found: Findings, row: Node) -> MediumFound:
    spaces = [size_at(found, space, "PhysicalSize") or 0 for space in children(row, "Namespaces")]
    return MediumFound(
        serial=serial_at(found, row, "SerialNumber"),
        kind="ssd_nvme",
        size_bytes=size_at(found, row, "PhysicalSize") or sum(spaces) or None,
        manufacturer=None,
        model=name_at(found, row, "ModelNumber"),
        wwn=None,
        soldered=False,
    )


def _grown(known: MediumFound, space: MediumFound) -> MediumFound:
    return replace(known, size_bytes=(known.size_bytes or 0) + (space.size_bytes or 0) or None)


def read_nvme_id_ctrl(node: Node) -> Findings:
    """The one drive of nvme id-ctrl; `tnvmcap` is a number in 1.x and a text in 2.x."""
    found = Findings("nvme_id_ctrl", partial=True)
    total = node.value.get("tnvmcap")
    size = None
    if isinstance(total, int) and not isinstance(total, bool):
        size = size_at(found, node, "tnvmcap")
    elif (digits := text_at(node, "tnvmcap")) is not None and digits.isascii() and digits.isdigit():
        size = real_size(found, int(digits[:40]), f"{node.pointer}/tnvmcap")
    medium = MediumFound(
        serial=serial_at(found, node, "sn"),
        kind="ssd_nvme",
        size_bytes=size,
        manufacturer=None,
        model=name_at(found, node, "mn"),
        wwn=None,
        soldered=False,
    )
    found.sightings = [Sighting(medium)]
    return found
