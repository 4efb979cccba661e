"""eReuse workbench-script: a snapshot that carries other tools' output (smartctl, dmidecode, lshw) as text in JSON."""

from reuse.boundedjson import Node, child, nodes_of, parse_json, place, refuse, wrong_type
from reuse.errors import Invalid
from reuse.workshop.captures.dmidecode import is_dmidecode, read_dmidecode
from reuse.workshop.captures.findings import Findings, warn
from reuse.workshop.captures.lshw import is_lshw, parse_lshw, read_lshw
from reuse.workshop.captures.smartctl import see_smartctl


def is_script_snapshot(node: Node) -> bool:
    """Whether this is a workbench-script snapshot: it has data in the place of components."""
    return node.value.get("type") == "Snapshot" and isinstance(node.value.get("data"), dict)


def read_script_snapshot(node: Node) -> Findings:
    """The machine by lshw or dmidecode, the media by lshw and smartctl; `erase` is no proof and is not read.

    Raises Invalid where none of the three tools' outputs is there.
    """
    data = child(node, "data") or Node({}, "/data")
    found = _machine(data)
    found.format = "ereuse_workbench_script"
    for disk in _smartctl(data):
        try:
            see_smartctl(found, disk)
        except Invalid as error:
            warn(found, disk.pointer, error.code, error.detail)
    found.partial = found.identity.manufacturer is None and found.identity.serial is None
    if not found.sightings:
        warn(found, place(data, "smartctl"), "no_internal_medium", "The snapshot names no storage medium: look inside.")
    return found


def _machine(data: Node) -> Findings:
    lshw, dmidecode = _text(data, "lshw"), _text(data, "dmidecode")
    if lshw:
        nodes = nodes_of(parse_lshw(lshw))
        if is_lshw(nodes):
            return read_lshw(nodes)
    if dmidecode and is_dmidecode(dmidecode):
        return read_dmidecode(dmidecode, place(data, "dmidecode"))
    if data.value.get("smartctl") is None:
        refuse(
            data.pointer, "missing_value", "This workbench-script snapshot holds no lshw, dmidecode or smartctl output."
        )
    return Findings("")


def _smartctl(data: Node) -> list[Node]:
    pointer = place(data, "smartctl")
    value = data.value.get("smartctl")
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
