"""eReuse Workbench snapshots (10, 11, 12, workbench-script, Android; JSON or YAML).

Versions 10 and 11 logged each erasure by step. workbench-script recorded erasures whose command was stubbed out, so
nothing in it is proof.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from reuse.errors import Invalid
from reuse.wiping.evidence.safely import mapping, measure, sequence, text_of
from reuse.wiping.evidence.shape import Evidence, EvidenceItem
from reuse.wiping.evidence.times import parse_moment
from reuse.wiping.rules import is_placeholder, is_redacted, trust_of, version_numbers

ERASURES = frozenset({"EraseBasic", "EraseSectors", "ErasePhysical"})
ACTIONS = ERASURES | frozenset({
    "BenchmarkProcessor", "BenchmarkProcessorSysbench", "BenchmarkRamSysbench", "BenchmarkDataStorage",
    "BenchmarkGraphicCard", "StressTest", "TestDataStorage", "TestAudio", "TestBattery", "TestBios", "TestCamera",
    "TestConnectivity", "TestDisplayHinge", "TestKeyboard", "TestMicrophone", "TestPowerAdapter", "TestTrackpad",
    "TestUsb", "TestVga", "MeasureBattery", "VisualTest", "Install", "RateComputer",
})  # fmt: skip  # the actions that Workbench 11 writes (fixtures of devicehub-teal)
CHASSIS = frozenset({
    "Tower", "AllInOne", "All in one", "Microtower", "Netbook", "Laptop", "Tablet", "Server", "Virtual",
    "Non-physical device", "Docking", "Detachable", "Convertible", "Blade", "Handheld", "PizzaBox", "Lunchbox", "Stick",
})  # fmt: skip  # a chassis that devicehub-teal refuses comes from no Workbench ("Notebook" in its failing fixture)
_SLACK = timedelta(minutes=10)  # an action ends right after its last step; seconds in every real snapshot
_SCRIPTS = frozenset({"workbench-script", "workbenchscript"})


@dataclass(frozen=True, slots=True)
class _Snapshot:
    tool: str
    version: str | None
    zone: ZoneInfo


def is_snapshot(value: object) -> bool:
    """Say whether a value claims to be an eReuse snapshot."""
    snapshot = mapping(value)
    return snapshot.get("type") == "Snapshot" or snapshot.get("@type") == "devices:Snapshot"


def read_snapshot(value: object, timezone: str, zone: ZoneInfo) -> Evidence:
    """Read a snapshot into one item per erasure. A snapshot without erasures is read, and says so in its warnings."""
    snapshot = mapping(value)
    software = (text_of(snapshot.get("software")) or "Workbench").casefold()
    version = snapshot.get("version")
    if not isinstance(version, str) or version_numbers(version) is None:
        raise Invalid("The snapshot's version is not a text such as 11.0b11.", code="snapshot_malformed")
    if software in _SCRIPTS:
        return _script(snapshot, version, timezone)
    _check_shape(snapshot)
    told = _Snapshot("ereuse-workbench", version, zone)
    items: list[EvidenceItem] = []
    assumed = False
    for part in map(mapping, [snapshot.get("device"), *sequence(snapshot.get("components"))]):
        for action in _erasures(part):
            item, item_assumed = _item(part, action, told)
            items.append(replace(item, index=len(items)))
            assumed = assumed or item_assumed
    warnings = (*(("timezone_assumed",) if assumed else ()), *(() if items else ("no_erasure_told",)))
    name = "ereuse_android" if "android" in software else f"ereuse_v{(version_numbers(version) or (0,))[0]}"
    return Evidence(name, tuple(items), _machine_serial(snapshot), timezone, assumed, warnings)


def _machine_serial(snapshot: dict[str, object]) -> str | None:
    serial = text_of(mapping(snapshot.get("device")).get("serialNumber"))
    return None if is_placeholder(serial) else serial


def _check_shape(snapshot: dict[str, object]) -> None:
    device = mapping(snapshot.get("device"))
    if not device or not isinstance(snapshot.get("components", []), list):
        raise Invalid("The snapshot has no device, or its components are no list.", code="snapshot_malformed")
    chassis = device.get("chassis")
    if "type" in device and chassis is not None and text_of(chassis) not in CHASSIS:
        raise Invalid(f"The snapshot's chassis is unknown: {str(chassis)[:40]}.", code="snapshot_malformed")
    for part in map(mapping, [device, *sequence(snapshot.get("components"))]):
        for action in map(mapping, sequence(part.get("actions"))):
            if text_of(action.get("type")) not in ACTIONS:
                name = str(action.get("type"))[:40]
                raise Invalid(
                    f"The snapshot holds an action that no Workbench writes: {name}.", code="snapshot_malformed"
                )


def _erasures(part: dict[str, object]) -> list[dict[str, object]]:
    actions = [
        action for action in map(mapping, sequence(part.get("actions"))) if text_of(action.get("type")) in ERASURES
    ]
    old = mapping(part.get("erasure"))
    return [*actions, old] if old else actions


def _item(part: dict[str, object], action: dict[str, object], told: _Snapshot) -> tuple[EvidenceItem, bool]:
    name = text_of(action.get("type")) or text_of(action.get("@type")) or ""
    started, _ = parse_moment(action.get("startTime", action.get("startingTime")), told.zone)
    ended, assumed = parse_moment(action.get("endTime", action.get("endingTime")), told.zone)
    steps = list(map(mapping, sequence(action.get("steps"))))
    serial = text_of(part.get("serialNumber"))
    fails, doubts = _judge(name, action, steps, told)
    if is_redacted(serial):
        doubts.append("serial_redacted")
    elif is_placeholder(serial):
        doubts.append("no_identity")
    if not _times_agree(started, ended, steps, told.zone):
        doubts.append("inconsistent")
    # EraseSectors is badblocks in write mode, which reads each sector back; EraseBasic is shred, which never does.
    verification = "last" if name == "EraseSectors" and not fails else "none"
    verdict = "fail" if fails else "unknown" if doubts else "pass"
    if verification == "none" and verdict == "pass":
        doubts.append("not_verified")  # a remark: the tool's word is trusted, the gate and the certificate show the gap
    item = EvidenceItem(
        index=0,
        serial=None if is_placeholder(serial) else serial,
        manufacturer=text_of(part.get("manufacturer")),
        model=text_of(part.get("model")),
        size_bytes=None,  # Workbench mixed megabytes and mebibytes from version to version
        kind=_kind(part),
        verdict=verdict,
        method="destroy" if name == "ErasePhysical" else "clear",
        technique=", ".join([name, *(str(step.get("type", step.get("@type")))[:40] for step in steps[:9])]),
        tool=told.tool,
        tool_version=told.version,
        verification=verification,
        started_at=started,
        ended_at=ended,
        reasons=tuple(dict.fromkeys((*fails, *doubts))),
        rounds=len(steps) or None,
        device=None,
    )
    return item, assumed


def _judge(
    name: str, action: dict[str, object], steps: list[dict[str, object]], told: _Snapshot
) -> tuple[list[str], list[str]]:
    outcomes = {_outcome(part) for part in (action, *steps)}
    fails = ["errors_reported"] if "Error" in outcomes else []
    doubts = ["warning_reported"] if outcomes - {"Info", "Error"} else []
    if not steps:
        doubts.append("inconsistent")
    if name not in ERASURES:
        doubts.append("method_unknown")
    if name == "ErasePhysical":
        doubts.append("destruction_not_witnessed")
    if trust_of(told.tool, told.version) == "untrusted":
        doubts.append("tool_not_trusted")
    return fails, doubts


def _outcome(part: dict[str, object]) -> str:
    """Bring the two ways of telling an outcome together: severity since 11, success in 10."""
    if "severity" in part and "success" not in part:
        return str(part["severity"])
    success = part.get("success") if "severity" not in part else None
    return "Info" if success is True else "Error" if success is False else "untold"


def _times_agree(
    started: datetime | None, ended: datetime | None, steps: list[dict[str, object]], zone: ZoneInfo
) -> bool:
    if started is None or ended is None or ended < started:
        return False
    spans = [
        (_moment(step, "startTime", "startingTime", zone), _moment(step, "endTime", "endingTime", zone))
        for step in steps
    ]
    inside = all(begun and done and started <= begun <= done <= ended for begun, done in spans)
    return inside and (not spans or ended - max(done for _, done in spans if done) <= _SLACK)


def _moment(step: dict[str, object], name: str, old_name: str, zone: ZoneInfo) -> datetime | None:
    return parse_moment(step.get(name, step.get(old_name)), zone)[0]


def _kind(part: dict[str, object]) -> str | None:
    kind = text_of(part.get("type", part.get("@type")))
    nvme = "nvm" in f"{part.get('interface')}{part.get('model')}".casefold()
    if kind == "SolidStateDrive":
        return "ssd_nvme" if nvme else "ssd_sata"
    if kind in {"Mobile", "Smartphone", "Cellphone", "Tablet"}:
        return "phone"
    return "hdd" if kind == "HardDrive" else None


def _script(snapshot: dict[str, object], version: str, timezone: str) -> Evidence:
    """List the disks that workbench-script saw, each unknown: it recorded erasures whose command was stubbed out."""
    nested = mapping(snapshot.get("data")).get("smartctl")
    try:
        disks: object = json.loads(nested) if isinstance(nested, str) else nested
    except (ValueError, RecursionError):
        raise Invalid("The smartctl part of the snapshot cannot be read.", code="snapshot_malformed") from None
    measure(disks)
    known = [disk for disk in map(mapping, sequence(disks)) if text_of(disk.get("serial_number"))]
    items = tuple(_script_item(index, disk, version) for index, disk in enumerate(known))
    warnings = () if sequence(snapshot.get("erase")) else ("no_erasure_told",)
    return Evidence("workbench_script", items, None, timezone, False, warnings)


def _script_item(index: int, disk: dict[str, object], version: str) -> EvidenceItem:
    serial = text_of(disk.get("serial_number"))
    size = mapping(disk.get("user_capacity")).get("bytes")
    return EvidenceItem(
        index=index,
        serial=None if is_placeholder(serial) else serial,
        manufacturer=None,
        model=text_of(disk.get("model_name")),
        size_bytes=size if isinstance(size, int) else None,
        kind=None,
        verdict="unknown",
        method="none",
        technique="not told",
        tool="ereuse-workbench-script",
        tool_version=version,
        verification="none",
        started_at=None,
        ended_at=None,
        reasons=("tool_not_trusted",),
        rounds=None,
        device=text_of(mapping(disk.get("device")).get("name")),
    )
