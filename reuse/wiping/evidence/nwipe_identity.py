"""Which drive an nwipe session speaks of: the serial must be the same wherever the session names it."""

from dataclasses import dataclass

from reuse.wiping.evidence.nwipe_sessions import Session
from reuse.wiping.rules import NWIPE_SERIAL_LENGTH, is_placeholder, is_redacted, version_numbers

_TELLS_SSD_SINCE = (0, 38)  # 0.33 prints ATA for every SATA drive, 0.38 tells ATA from ATA-SSD (emulated machines)
_NO_DRIVE = "VIRT"  # loop devices: where nwipe 0.33 has no serial of one, it prints what its memory held before
_GARBAGE_LIMIT = 8  # what 0.33 prints behind a 20-character serial is the rest of an eight-byte pointer
_PRINTABLE = range(0x20, 0x7F)


@dataclass(frozen=True, slots=True)
class Identity:
    """The drive: its serial where proved, and the doubts about it."""

    serial: str | None
    model: str | None
    bus: str
    doubts: tuple[str, ...]


def kind_of(bus: str, version: str | None) -> str | None:
    """Name the kind of medium from the bus that nwipe prints, where that is sure."""
    sure = {"NVME": "ssd_nvme", "ATA-SSD": "ssd_sata", "USB": "usb"}
    if bus == "ATA":
        numbers = version_numbers(version or "")
        return "hdd" if numbers is not None and numbers >= _TELLS_SSD_SINCE else None
    return sure.get(bus)


def identity_of(session: Session, device: str) -> Identity:
    """Read the serial from the Found line and compare it with every other place that names it."""
    found = session.all("found", device)
    first = found[0] if found else None
    serial = first.other.strip() if first else ""
    model = first.word.strip() or None if first else None
    bus = first.severity if first else ""
    if session.option("quiet") == "1" or is_redacted(serial):
        return Identity(None, model, bus, ("serial_redacted",))
    if is_placeholder(serial) or bus == _NO_DRIVE:
        return Identity(None, model, bus, ("no_identity",))
    others = {event.device for event in session.all("found") if event.other.strip() == serial}
    if len(others) > 1:
        return Identity(None, model, bus, ("serial_ambiguous",))
    if len(found) > 1 or not _named_alike(session, device, model or "", serial):
        return Identity(None, model, bus, ("inconsistent",))
    return Identity(serial, model, bus, ())


def _named_alike(session: Session, device: str, model: str, serial: str) -> bool:
    """Say whether the body names the drive alike, once where a wipe was closed, and the status table not otherwise."""
    rows = [row for row in session.rows if row.table == "status" and f"/dev/{row.device}" == device]
    named = [event.other.strip() for event in session.all("serial", device)]
    closed = bool(session.all("total"))
    return (named == [serial] or not (named or closed or rows)) and all(
        _row_names(row.text, model, serial) for row in rows
    )


def _row_names(text: str, model: str, serial: str) -> bool:
    for cut in range(len(model), 0, -1):
        start = f"{model[:cut].rstrip()}/{serial}"
        if text.startswith(start):
            rest = text[len(start) :]
            garbage = len(serial) == NWIPE_SERIAL_LENGTH and len(rest) <= _GARBAGE_LIMIT
            return not rest or (garbage and not any(ord(sign) in _PRINTABLE for sign in rest))
    return False
