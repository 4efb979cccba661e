"""hdparm sessions: the drive's security state before and after an erase is the proof; exit code 0 alone is none.

Seen in emulated machines: `--security-erase` exits 0 although the drive refused, and says only "SG_IO: bad/missing
sense data".
"""

import re
from dataclasses import dataclass, field

from reuse.wiping.evidence.shape import Evidence, EvidenceItem
from reuse.wiping.rules import is_placeholder, is_redacted

_COMMAND = re.compile(r"^[^\n$#]{0,80}[$#] *(?:sudo +)?(hdparm\b[^\n]*)$|^(hdparm +-[^\n]*)$")
_HEADER = re.compile(r"^(/dev/[\w/-]+):$")
_PATH = re.compile(r"/dev/[\w/-]+")
_SERIAL = re.compile(r"^\s*Serial Number: +(\S.*?)\s*$")
_MODEL = re.compile(r"^\s*Model Number: +(\S.*?)\s*$")
_ROTATION = re.compile(r"^\s*Nominal Media Rotation Rate: +(.*?)\s*$")
_STATE = re.compile(r"^\s*(not)?\s*enabled\s*$")
_REFUSED = re.compile(
    r"SG_IO:|bad/missing sense data|Input/output error|Invalid argument|not supported|FAILED|timed? ?out", re.IGNORECASE
)
_ERASE_WORDS = re.compile(r"--security-erase(-enhanced)?\s")


@dataclass(slots=True)
class _Drive:
    """What the session shows of one device path; `story` is its states and erases in order."""

    device: str
    serials: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)
    story: list[str] = field(default_factory=list)
    rotation: str | None = None


@dataclass(slots=True)
class _Place:
    """Where the reading stands: the drive, and whether the lines belong to an erase or a Security section."""

    drive: _Drive | None = None
    security: bool = False


def looks_like_hdparm(text: str) -> bool:
    """Say whether a text is hdparm's output or a session with it."""
    return (
        re.search(r"^\s*Issuing SECURITY_|^ATA device, with |^.{0,80}hdparm +.*-|^Security: *$", text, re.MULTILINE)
        is not None
        and "/dev/" in text
    )


def read_hdparm(text: str, timezone: str) -> Evidence:
    """Read a terminal session into one item per device path."""
    drives: dict[str, _Drive] = {}
    place = _Place()
    for line in text.split("\n"):
        _read_line(line.rstrip("\r")[:1000], place, drives)
    items = tuple(_item(index, drive) for index, drive in enumerate(drives.values()))
    warnings = () if items else ("no_erasure_told",)
    return Evidence("hdparm_session", items, None, timezone, False, warnings)  # no time is told, none assumed


def _read_line(line: str, place: _Place, drives: dict[str, _Drive]) -> None:
    if (found := _COMMAND.match(line)) or _HEADER.match(line):
        path = _PATH.search(line)
        place.security = False
        place.drive = drives.setdefault(path.group(), _Drive(path.group())) if path else None
        if place.drive and found and (erase := _ERASE_WORDS.search(line)):
            place.drive.story.append("erase_enhanced" if erase[1] else "erase")
        return
    drive = place.drive
    if drive is None:
        return
    if line.strip() and not line[0].isspace():
        place.security = line.strip() == "Security:"
    _read_output(line, drive, in_security=place.security)


def _read_output(line: str, drive: _Drive, *, in_security: bool) -> None:
    if found := _SERIAL.match(line):
        drive.serials.add(found[1])
    elif found := _MODEL.match(line):
        drive.models.add(found[1])
    elif found := _ROTATION.match(line):
        drive.rotation = found[1]
    elif in_security and (found := _STATE.match(line)):
        drive.story.append("off" if found[1] else "on")
    elif line.strip().startswith("Issuing SECURITY_ERASE"):
        drive.story.append("issued")
    elif _REFUSED.search(line):
        drive.story.append("refused")


def _item(index: int, drive: _Drive) -> EvidenceItem:
    erases = [place for place, word in enumerate(drive.story) if word.startswith("erase")]
    last = erases[-1] if erases else len(drive.story)
    before = [word for word in drive.story[:last] if word in {"on", "off"}]
    after = drive.story[last + 1 :]
    doubts: list[str] = []
    serial = next(iter(drive.serials)) if len(drive.serials) == 1 else None
    if len(drive.serials) > 1:
        doubts.append("inconsistent")
    elif is_redacted(serial):
        doubts.append("serial_redacted")
    elif is_placeholder(serial):
        doubts.append("no_identity")
    if "refused" in after:
        doubts.append("drive_refused")
    states = [word for word in after if word in {"on", "off"}]
    proved = bool(erases) and before[-1:] == ["on"] and "issued" in after and states[:1] == ["off"] == states[-1:]
    if not proved:
        doubts.append("state_not_shown")
    enhanced = bool(erases) and drive.story[last] == "erase_enhanced"
    return EvidenceItem(
        index=index,
        serial=None if is_placeholder(serial) else serial,
        manufacturer=None,
        model=next(iter(drive.models)) if len(drive.models) == 1 else None,
        size_bytes=None,
        kind=_kind(drive.rotation),
        verdict="unknown" if doubts else "pass",
        method=("purge" if enhanced else "clear") if erases else "none",
        technique=f"ATA SECURITY ERASE{' enhanced' if enhanced else ''}" if erases else "no erase shown",
        tool="hdparm",
        tool_version=None,
        verification="declared" if proved else "none",
        started_at=None,
        ended_at=None,
        reasons=tuple(doubts),
        rounds=None,
        device=drive.device,
    )


def _kind(rotation: str | None) -> str | None:
    if rotation is None:
        return None
    return "ssd_sata" if rotation == "Solid State Device" else "hdd" if rotation.isdigit() else None
