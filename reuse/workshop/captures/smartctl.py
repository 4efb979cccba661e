"""smartctl -j: one medium per object (smartmontools 7.0 to 7.4; ATA, NVMe, SCSI)."""

from reuse.boundedjson import Node, child, children, number_at, place, refuse, text_at
from reuse.workshop.captures.findings import Findings, Sighting, name_at, seat_of, serial_at, size_at, warn
from reuse.workshop.captures.kinds import RAID_VOLUME, is_raid_volume, kind_by_model
from reuse.workshop.captures.shape import MediumFound

_OPEN_FAILED = 0b11
"""smartctl(8), exit status: bit 0 bad command line, bit 1 the device could not be opened or identified."""


def is_smartctl(node: Node) -> bool:
    """Whether this is one object of smartctl."""
    return "smartctl" in node.value or {"json_format_version", "device"} <= node.value.keys()


def read_smartctl(nodes: list[Node]) -> Findings:
    """The media that the objects tell, never the whole machine.

    Raises Invalid `no_medium` where smartctl looked at nothing, `smartctl_failed` where it could not read the medium.
    """
    found = Findings("smartctl", partial=True)
    for node in nodes:
        see_smartctl(found, node)
    if not found.sightings:
        refuse("", "no_medium", "This smartctl output names no storage medium. Run smartctl -j -a on each disk.")
    return found


def see_smartctl(found: Findings, node: Node) -> None:
    """Add the medium of one smartctl object; optical drives are none."""
    device = child(node, "device")
    if device is None:
        refuse(
            place(node, "device"),
            "no_medium",
            "This smartctl output names no device (a --scan list does not): run smartctl -j -a on each disk.",
        )
    kind_name = child(node, "device_type") or child(node, "scsi_device_type")
    if kind_name is not None and (text_at(kind_name, "name") or "").lower() in {"cd/dvd", "optical"}:
        return
    serial = serial_at(found, node, "serial_number")
    model = (
        name_at(found, node, "model_name")
        or name_at(found, node, "scsi_model_name")
        or name_at(found, node, "scsi_product")
    )
    if serial is None and model is None and text_at(node, "serial_number") is None:
        _refuse_unread(node)
    kind = _kind(node, device, model)
    if kind == "other":
        warn(
            found,
            node.pointer,
            "kind_unknown",
            f"smartctl does not say what kind of medium {model or 'this'} is: check it.",
        )
    if is_raid_volume(model):
        warn(found, node.pointer, "raid_volume", RAID_VOLUME)
    medium = MediumFound(serial, kind, _size(found, node), _maker(found, node), model, _wwn(node), soldered=False)
    found.sightings.append(Sighting(medium, _seat(device)))


def _seat(device: Node) -> str | None:
    """The block device; disks behind a RAID controller (`megaraid,3`) share the controller's name and have none."""
    if "," in (text_at(device, "type") or ""):
        return None
    return seat_of(text_at(device, "name"))


def _refuse_unread(node: Node) -> None:
    smartctl = child(node, "smartctl") or Node({}, place(node, "smartctl"))
    status = int(number_at(smartctl, "exit_status") or 0)
    said = next((text for message in children(smartctl, "messages") if (text := text_at(message, "string"))), None)
    reason = f"could not open it (exit status {status})" if status & _OPEN_FAILED else "gives no serial and no model"
    hint = " Its USB bridge is unknown: connect the disk directly." if "USB bridge" in (said or "") else ""
    refuse(node.pointer, "smartctl_failed", f"smartctl did not read the medium: it {reason}.{hint}")


def _kind(node: Node, device: Node, model: str | None) -> str:
    protocol = (text_at(device, "protocol") or "").lower()
    if protocol == "nvme":
        return "ssd_nvme"
    rotation = number_at(node, "rotation_rate")
    if rotation is not None and rotation > 0:
        return "hdd"
    if rotation == 0 and protocol == "ata":
        return "ssd_sata"
    return (kind_by_model(model) or "other") if protocol == "ata" else "other"


def _size(found: Findings, node: Node) -> int | None:
    """The drive's capacity; an NVMe drive may tell its total, or only its namespaces."""
    capacity = child(node, "user_capacity")
    own = size_at(found, capacity, "bytes") if capacity is not None else None
    total = own or size_at(found, node, "nvme_total_capacity")
    if total is not None:
        return total
    sizes = [child(space, "capacity") or child(space, "size") for space in children(node, "nvme_namespaces")]
    return sum(size_at(found, size, "bytes") or 0 for size in sizes if size is not None) or None


def _maker(found: Findings, node: Node) -> str | None:
    return name_at(found, node, "vendor") or name_at(found, node, "scsi_vendor")


def _wwn(node: Node) -> str | None:
    """The World Wide Name as 16 hexadecimal digits: NAA, OUI and vendor's id (SPC-5, NAA IEEE Registered)."""
    wwn = child(node, "wwn")
    if wwn is None:
        return None
    parts = [number_at(wwn, key) for key in ("naa", "oui", "id")]
    naa, oui, serial = (int(part) if part is not None and part >= 0 else None for part in parts)
    if naa is None or oui is None or serial is None:
        return None
    digits = f"{naa:x}{oui:06x}{serial:09x}"
    return digits if len(digits) == 16 else None  # noqa: PLR2004  # 64 bits
