"""eReuse workbench-script and WorkbenchLite: a snapshot that carries other tools' output, as text or as JSON."""

from collections.abc import Callable

from reuse.boundedjson import Node, child, nodes_of, parse_json, place, refuse, wrong_type
from reuse.errors import Invalid
from reuse.workshop.captures.dmidecode import is_dmidecode, read_dmidecode
from reuse.workshop.captures.findings import Findings, warn
from reuse.workshop.captures.hwinfo import is_hwinfo, read_hwinfo
from reuse.workshop.captures.lshw import is_lshw, parse_lshw, read_lshw
from reuse.workshop.captures.merging import Source, merge_findings
from reuse.workshop.captures.smartctl import see_smartctl

_DISKS = ("smartctl", "smart")
"""workbench-script says smartctl, WorkbenchLite says smart."""


def is_script_snapshot(node: Node) -> bool:
    """Whether this is a snapshot of workbench-script or WorkbenchLite: it has data in the place of components."""
    return node.value.get("type") == "Snapshot" and isinstance(node.value.get("data"), dict)


def read_script_snapshot(node: Node) -> Findings:
    """The machine by lshw, dmidecode and hwinfo, the media by these and smartctl, merged with their conflicts.

    `erase` and `sanitize` are no proof and are not read. Raises Invalid where none of these tools' outputs is there.
    """
    data = child(node, "data") or Node({}, "/data")
    is_lite = "schema_api" in node.value or isinstance(data.value.get("lshw"), dict)
    sources = [*_machine(data), *_disks(data)]
    if not sources:
        refuse(
            data.pointer, "missing_value", "This eReuse snapshot holds no lshw, dmidecode, hwinfo or smartctl output."
        )
    found = merge_findings(sources, name="ereuse_lite" if is_lite else "ereuse_workbench_script")
    found.partial = found.identity.manufacturer is None and found.identity.serial is None
    if not found.sightings:
        warn(found, place(data, "smartctl"), "no_internal_medium", "The snapshot names no storage medium: look inside.")
    return found


def _machine(data: Node) -> list[Source]:
    sources: list[Source] = []
    lshw = _lshw(data)
    if lshw and is_lshw(lshw):
        sources.append(Source("lshw", "", read_lshw(lshw)))
    texts: tuple[tuple[str, Callable[[str], bool], Callable[[str, str], Findings]], ...] = (
        ("dmidecode", is_dmidecode, read_dmidecode),
        ("hwinfo", is_hwinfo, read_hwinfo),
    )
    for name, recognises, read in texts:
        text = _text(data, name)
        if text and recognises(text):
            sources.append(Source(name, "", read(text, place(data, name))))
    return sources


def _lshw(data: Node) -> list[Node]:
    """Lshw's tree: text in workbench-script, an object or a list in WorkbenchLite."""
    value = data.value.get("lshw")
    pointer = place(data, "lshw")
    if isinstance(value, str):
        value = parse_lshw(value) if value.strip() else None
    return [] if not value else [Node(node.value, pointer + node.pointer) for node in nodes_of(value)]


def _disks(data: Node) -> list[Source]:
    found = Findings("smartctl", partial=True)
    nodes = [disk for name in _DISKS for disk in _smartctl(data, name)]
    for disk in nodes:
        try:
            see_smartctl(found, disk)
        except Invalid as error:
            warn(found, disk.pointer, error.code, error.detail)
    return [Source("smartctl", "", found)] if nodes else []


def _smartctl(data: Node, name: str) -> list[Node]:
    pointer = place(data, name)
    value = data.value.get(name)
    if isinstance(value, str):
        value = parse_json(value, within=pointer) if value.strip() else None
    if value is None:
        return []
    return [Node(disk.value, pointer + disk.pointer) for disk in nodes_of(value) if disk.value]


def _text(data: Node, key: str) -> str | None:
    value = data.value.get(key)
    if value is not None and not isinstance(value, str):
        wrong_type(place(data, key), "text", value)
    return value
