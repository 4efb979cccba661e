"""`nvme sanitize-log`, as text or JSON, with the identity that must come from the same upload.

NVM Express Base Specification, Sanitize Status log page: SSTAT bits 2:0 are the state of the last sanitize, bit 8 says
that nothing was written since; CDW10 bits 2:0 are the action (2 block erase, 3 overwrite, 4 crypto erase).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from reuse.wiping.evidence.safely import json_values, mapping, named_children, text_of
from reuse.wiping.evidence.shape import Evidence, EvidenceItem
from reuse.wiping.rules import is_placeholder

ACTIONS = {2: "Block Erase", 3: "Overwrite", 4: "Crypto Erase"}
_DONE = {1, 4}
_RUNNING, _FAILED, _NEVER = 2, 3, 0
_FULL_PROGRESS = 65535
_COMMAND = re.compile(
    r"^[^\n$#]{0,80}[$#] *(?:sudo +)?((?:nvme|smartctl)\b[^\n]*)$|^((?:nvme|smartctl) +[a-z-][^\n:]*)$", re.MULTILINE
)
_PATH = re.compile(r"/dev/(nvme\d+)")
_STATUS = re.compile(r"\(SSTAT\) *: *(0x[0-9a-fA-F]{1,8}|\d{1,9})\b")
_PROGRESS = re.compile(r"\(SPROG\) *: *(\d{1,9})\b")
_ACTION = re.compile(r"\(SCDW10\) *: *(0x[0-9a-fA-F]{1,8}|\d{1,9})\b")
_SERIAL = re.compile(r"^(?:sn +: |Serial Number: ) *(\S[^\n]*?) *$", re.MULTILINE)
_MODEL = re.compile(r"^(?:mn +: |Model Number: ) *(\S[^\n]*?) *$", re.MULTILINE)
_STATUS_TEXT = re.compile(r"\((\d)\)")


@dataclass(frozen=True, slots=True)
class Log:
    """The state that one sanitize log shows; `device` is the controller that its command or its key names."""

    status: int
    progress: int | None
    action: int | None
    device: str | None


@dataclass(frozen=True, slots=True)
class Drive:
    """A drive that names itself; `seen_at` is when smartctl saw it."""

    serial: str
    model: str | None
    device: str | None
    seen_at: datetime | None = None


def has_sanitize_text(text: str) -> bool:
    """Say whether a text holds a sanitize log as `nvme sanitize-log` prints it."""
    return _STATUS.search(text) is not None


def has_sanitize_json(values: list[object]) -> bool:
    """Say whether JSON values hold a sanitize log."""
    return bool(_json_logs(values))


def read_sanitize_text(text: str, timezone: str) -> Evidence:
    """Read a terminal session. A log is of the drive that its command names; of several, the last counts."""
    logs, drives = _session(text)
    return sanitize_evidence(logs, drives, timezone)


def logs_of(text: str) -> list[Log]:
    """The sanitize logs in a file, text or JSON."""
    values = json_values(text) if text.lstrip()[:1] in {"{", "["} else None
    return _json_logs(values) if values is not None else _session(text)[0]


def drives_of(text: str) -> set[Drive]:
    """The drives that a file of nvme id-ctrl or smartctl names, text or JSON."""
    values = json_values(text) if text.lstrip()[:1] in {"{", "["} else None
    return _json_drives(values) if values is not None else _session(text)[1]


def _session(text: str) -> tuple[list[Log], set[Drive]]:
    logs: dict[str | None, Log] = {}
    drives: set[Drive] = set()
    for device, block in _blocks(text):
        for found in _STATUS.finditer(block):
            progress, action = _PROGRESS.search(block), _ACTION.search(block)
            logs[device] = Log(
                int(found[1], 0), int(progress[1]) if progress else None, int(action[1], 0) if action else None, device
            )
        model = _MODEL.search(block)
        drives |= {Drive(found[1], model[1] if model else None, device) for found in _SERIAL.finditer(block)}
    return list(logs.values()), drives


def _blocks(text: str) -> list[tuple[str | None, str]]:
    commands = list(_COMMAND.finditer(text))
    starts = [0, *(command.start() for command in commands)]
    ends = [*(command.start() for command in commands), len(text)]
    blocks: list[tuple[str | None, str]] = []
    for start, end, command in zip(starts, ends, [None, *commands], strict=True):
        path = _PATH.search(command.group()) if command else None
        blocks.append((path[1] if path else None, text[start:end]))
    return blocks


def read_sanitize_json(values: list[object], timezone: str) -> Evidence:
    """Read JSON values of one upload: sanitize logs beside `nvme id-ctrl -o json` or `smartctl -j`."""
    return sanitize_evidence(_json_logs(values), _json_drives(values), timezone)


def _nested(values: list[object]) -> list[tuple[str | None, dict[str, object]]]:
    found: list[tuple[str | None, dict[str, object]]] = []
    level: list[tuple[str | None, object]] = [(None, value) for value in values]
    while level:
        found += [(key, mapping(value)) for key, value in level if mapping(value)]
        level = [named for _key, value in level for named in named_children(value)]
    return found


def _json_logs(values: list[object]) -> list[Log]:
    logs: list[Log] = []
    for key, part in _nested(values):
        status = _status_number(part.get("sstat"))
        if "sprog" in part and status is not None:
            action = part.get("cdw10_info", part.get("scdw10"))
            device = _PATH.search(f"/dev/{key}")
            logs.append(Log(status, _number(part.get("sprog")), _number(action), device[1] if device else None))
    return logs


def _json_drives(values: list[object]) -> set[Drive]:
    drives: set[Drive] = set()
    for _key, part in _nested(values):
        serial, model = text_of(part.get("sn")), text_of(part.get("mn"))
        if serial and model:
            drives.add(Drive(serial, model, None))
        serial, model = text_of(part.get("serial_number")), text_of(part.get("model_name"))
        if serial and model:
            path = _PATH.search(text_of(mapping(part.get("device")).get("name")) or "")
            seconds = mapping(part.get("local_time")).get("time_t")
            drives.add(Drive(serial, model, path[1] if path else None, _moment(seconds)))
    return drives


def _moment(seconds: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, tz=UTC) if isinstance(seconds, int) and seconds > 0 else None
    except (OverflowError, ValueError, OSError):
        return None


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        return value if isinstance(value, int) else int(value[:12], 0) if isinstance(value, str) else None
    except ValueError:
        return None


def _status_number(value: object) -> int | None:
    """Read SSTAT as a number, as "0x101", or as nvme-cli 2's object {global_erased, status: "(1) …"}."""
    told = mapping(value)
    if not told:
        return _number(value)
    found = _STATUS_TEXT.match(str(told.get("status", "")).strip())
    state = int(found[1]) if found else _number(told.get("status"))
    return None if state is None else state | (0x100 if told.get("global_erased") == 1 else 0)


def sanitize_evidence(logs: list[Log], drives: set[Drive], timezone: str) -> Evidence:
    """The report that logs and drives of one upload make."""
    items = tuple(_item(index, log, _drive_of(log, logs, drives)) for index, log in enumerate(logs))
    return Evidence("nvme_sanitize", items, None, timezone, False, ())  # no time is told, none assumed


def _drive_of(log: Log, logs: list[Log], drives: set[Drive]) -> Drive | None:
    """Pair a log with the one drive it can mean: the one its command names, or the only one in the upload."""
    named = [drive for drive in drives if drive.device == log.device and log.device is not None]
    lone = len(logs) == 1 and all(drive.device is None or log.device is None for drive in drives)
    candidates = named or (list(drives) if lone else [])
    if len({drive.serial for drive in candidates}) != 1:
        return None
    return max(candidates, key=lambda drive: (drive.seen_at is not None, drive.model is not None))


def _item(index: int, log: Log, drive: Drive | None) -> EvidenceItem:
    state, action = log.status & 7, log.action & 7 if log.action is not None else None
    fails = ["sanitize_failed"] if state == _FAILED else []
    doubts: list[str] = []
    if drive is None or is_placeholder(drive.serial):
        doubts.append("no_identity")
    if state == _NEVER:
        doubts.append("never_sanitized")
    elif state == _RUNNING:
        doubts.append("still_running")
    elif state not in _DONE | {_FAILED}:
        doubts.append("state_not_shown")
    elif log.progress not in {None, _FULL_PROGRESS} and state in _DONE:
        doubts.append("inconsistent")
    if action not in {None, *ACTIONS}:
        doubts.append("method_unknown")
    untouched = bool(log.status & 0x100)
    return EvidenceItem(
        index=index,
        serial=drive.serial if drive and not is_placeholder(drive.serial) else None,
        manufacturer=None,
        model=drive.model if drive else None,
        size_bytes=None,
        kind="ssd_nvme",
        verdict="fail" if fails else "unknown" if doubts else "pass",
        method="purge" if state in _DONE else "none",
        technique=f"NVMe Sanitize {ACTIONS[action]}" if action in ACTIONS else "NVMe Sanitize, action not told",
        tool="nvme-cli",
        tool_version=None,
        verification="declared" if state in _DONE else "none",
        started_at=None,
        # The log tells no time. Where nothing was written since (bit 8), the drive was empty when smartctl ran.
        ended_at=drive.seen_at if drive and untouched and state in _DONE else None,
        reasons=(*fails, *doubts),
        rounds=None,
        device=f"/dev/{log.device}" if log.device else None,
    )
