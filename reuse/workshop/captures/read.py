"""The one door of captures: bytes in, what they tell out. The format is recognised by content, never by a name."""

import json
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import NoReturn, cast

import yaml

from reuse.boundedjson import MAX_DEPTH, Node, check_depth, decode_text, nodes_of, parse_json, refuse
from reuse.errors import Fault, Invalid, UnknownFormat
from reuse.workshop.captures.battery import is_uevent, is_upower, read_uevent, read_upower
from reuse.workshop.captures.dmidecode import is_dmidecode, read_dmidecode
from reuse.workshop.captures.ereuse import is_snapshot, read_snapshot
from reuse.workshop.captures.ereuse_script import is_script_snapshot, read_script_snapshot
from reuse.workshop.captures.findings import Findings, conclude
from reuse.workshop.captures.glpi import is_glpi, read_glpi
from reuse.workshop.captures.hwinfo import is_hwinfo, read_hwinfo
from reuse.workshop.captures.lshw import MAX_NODES, is_lshw, parse_lshw, read_lshw
from reuse.workshop.captures.nvme import is_nvme_id_ctrl, is_nvme_list, read_nvme_id_ctrl, read_nvme_list
from reuse.workshop.captures.nvme_text import (
    is_nvme_id_ctrl_text,
    is_nvme_list_text,
    read_nvme_id_ctrl_text,
    read_nvme_list_text,
)
from reuse.workshop.captures.shape import CaptureFound
from reuse.workshop.captures.smartctl import is_smartctl, read_smartctl

READ_HERE = (
    "lshw -json, smartctl -j, dmidecode, hwinfo, nvme list and id-ctrl, upower -d, GLPI inventories, "
    "eReuse Workbench snapshots"
)
MAX_YAML = 1_000_000
"""Workbench's YAML snapshots have a few kilobytes; YAML is slow to read, so larger ones are refused."""
BEGINNING = 4_000
_LOG_LINE = re.compile(r"\s*\[\d{4}/\d\d/\d\d ")
"""nwipe's logs begin like a list in JSON, and are none."""
_YAML_SNAPSHOT = re.compile(r'^["\']?(?:@?type)["\']?\s*:\s*["\']?(?:devices:)?Snapshot', re.MULTILINE)


_SINGLE: tuple[tuple[Callable[[Node], bool], Callable[[Node], Findings]], ...] = (
    (is_script_snapshot, read_script_snapshot),
    (is_snapshot, read_snapshot),
    (is_glpi, read_glpi),
    (is_nvme_list, read_nvme_list),
    (is_nvme_id_ctrl, read_nvme_id_ctrl),
)


def read_capture(content: bytes) -> CaptureFound:
    """What one capture tells about a machine and its storage media.

    Raises TooLarge over 20 MB; UnknownFormat for text that no tool here writes; Invalid, with code and place, for
    broken or hostile input and for captures of two machines. Sizes are in bytes. Nothing personal is in the answer:
    `kept` is built from the fields named in `shape`, and from nothing else of the input.
    """
    return conclude(findings_in(content))


def findings_in(content: bytes) -> Findings:
    """What one file tells, before it is merged with others; raises what `read_capture` raises."""
    text = decode_text(content)
    found = _read(text)
    if "\ufffd" in text:
        message = "Some bytes are not text in UTF-8; values that hold them were left out."
        found.warnings.append(Fault("", "damaged_text", message))
    return found


_TEXTS: tuple[tuple[Callable[[str], bool], Callable[[str], Findings]], ...] = (
    (is_dmidecode, read_dmidecode),
    (is_hwinfo, read_hwinfo),
    (is_nvme_list_text, read_nvme_list_text),
    (is_nvme_id_ctrl_text, read_nvme_id_ctrl_text),
    (is_upower, read_upower),
    (is_uevent, read_uevent),
)


def _read(text: str) -> Findings:
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start in {"{", "["} and not _LOG_LINE.match(text):
        return _read_value(parse_lshw(text), text)
    if start == '"' and isinstance(inner := _unquoted(text), str):
        return _read(inner)
    for recognises, read in _TEXTS:
        if recognises(text):
            return read(text)
    if _YAML_SNAPSHOT.search(text):
        return _read_value(_parse_yaml(text), text)
    return _refuse_unknown(text)


def _unquoted(text: str) -> object:
    """The text inside a JSON string, as some scripts pack a tool's output; not a second time."""
    try:
        inner = parse_json(text)
    except Invalid:
        return None
    return inner if isinstance(inner, str) and not inner.lstrip().startswith('"') else None


@cache
def _refusals() -> tuple[tuple[re.Pattern[str], str], ...]:
    table = json.loads(files("reuse").joinpath("data/capture_refusals.json").read_text("utf-8"))
    return tuple(
        (re.compile(one["pattern"], re.MULTILINE | re.DOTALL), f"This is {one['is']}, which is no capture. {one['do']}")
        for one in cast("list[dict[str, str]]", table["refusals"])
    )


def _refuse_unknown(text: str) -> NoReturn:
    beginning = text.lstrip("\ufeff \t\r\n")[:BEGINNING]
    told = next((told for pattern, told in _refusals() if pattern.search(beginning)), None)
    message = told or f"This is the output of no tool that is read here: {READ_HERE}."
    raise UnknownFormat(message, code="unknown_format")


def _read_value(value: object, text: str) -> Findings:
    nodes = nodes_of(value)
    if len(nodes) > MAX_NODES:
        refuse("", "too_many_nodes", f"This is a list of {len(nodes):,} objects; at most {MAX_NODES:,} are read.")
    if is_lshw(nodes):
        return read_lshw(nodes)
    if nodes and all(is_smartctl(node) for node in nodes):
        return read_smartctl(nodes)
    if not isinstance(value, list):
        for recognises, read in _SINGLE:
            if recognises(nodes[0]):
                return read(nodes[0])
    _refuse_unknown(text)


def _parse_yaml(text: str) -> object:
    """The value of a YAML snapshot; aliases, which can unfold into gigabytes, and deep nesting are refused first."""
    if len(text) > MAX_YAML:
        refuse(
            "", "file_too_large", f"YAML snapshots are read up to {MAX_YAML:,} characters. Send the snapshot as JSON."
        )
    try:
        _check_yaml(text)
        value: object = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        message = f"This is not valid YAML at {place or 'an unknown place'}: {error.problem}."
        raise Invalid(message, code="invalid_yaml", errors=(Fault(place, "invalid_yaml", message),)) from error
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError) as error:
        message = "This is not valid YAML: a value in it cannot be read."
        raise Invalid(message, code="invalid_yaml", errors=(Fault("", "invalid_yaml", message),)) from error
    check_depth(value)
    return value


def _check_yaml(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # the stub leaves the events' type open
        if isinstance(event, yaml.AliasEvent):
            refuse("", "invalid_yaml", "This YAML holds an alias (*name), which Workbench never writes.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            refuse("", "too_deep", f"The YAML is nested deeper than {MAX_DEPTH} levels, which no inventory tool does.")
