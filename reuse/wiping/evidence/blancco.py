"""Blancco XML reports. The vendor's signature is not checked here, and every item says so."""

from dataclasses import replace
from datetime import datetime
from xml.etree.ElementTree import Element  # the type only; parsing goes through defusedxml
from zoneinfo import ZoneInfo

from reuse.errors import Invalid
from reuse.wiping.evidence.safely import text_of, xml_root
from reuse.wiping.evidence.shape import Evidence, EvidenceItem
from reuse.wiping.evidence.times import parse_moment
from reuse.wiping.rules import is_placeholder, is_redacted

MAX_ITEMS = 2_000
_FAILED = ("unsuccess", "not success", "fail", "cancel", "abort", "error", "interrupt", "stopped", "not erased")
_COUNTERS = ("failed_sectors", "total_errors", "remapped_sectors_failed")


def is_blancco(text: str) -> bool:
    """Say whether an XML text is a Blancco report, from its elements."""
    return "<blancco_erasure_report" in text or "<blancco_data" in text


def read_blancco(content: bytes, timezone: str, zone: ZoneInfo) -> Evidence:
    """Read every erasure of a report, in either of the vendor's two spellings (named entries, or elements)."""
    root = xml_root(content)
    reports = [part for part in root.iter() if part.tag == "blancco_erasure_report"]
    if not reports:
        raise Invalid("The Blancco report has no erasure part.", code="blancco_malformed")
    version = next((text_of(part.text) for part in root.iter() if _name(part) == "product_version"), None)
    document = next((text_of(part.text) for part in root.iter() if _name(part) == "document_id"), None)
    erasures = [part for report in reports for part in report.iter() if _name(part) == "erasure" and len(part)]
    if len(erasures) > MAX_ITEMS:
        raise Invalid("The report holds more than 2,000 erasures; please split it.", code="too_many_items")
    read = [_item(erasure, version, document, zone) for erasure in erasures]
    assumed = any(item_assumed for _item_read, item_assumed in read)
    warnings = ["vendor_signature_not_checked", *(["timezone_assumed"] if assumed else [])]
    warnings += [] if read else ["no_erasure_told"]
    machines = [part for part in root.iter() if _name(part) == "system" and len(part)]
    machine = _field(machines[0], "serial") if machines else None
    return Evidence(
        format="blancco_xml",
        items=tuple(replace(item, index=index) for index, (item, _assumed) in enumerate(read)),
        system_serial=None if is_placeholder(machine) else machine,
        timezone=timezone,
        timezone_assumed=assumed,
        warnings=tuple(warnings),
    )


def _name(part: Element) -> str:
    return part.get("name") or part.tag


def _field(part: Element, name: str) -> str | None:
    """Read a field that stands exactly once directly under a part; twice is as good as not told."""
    values = [text_of(child.text) for child in part if _name(child) == name]
    return values[0] if len(values) == 1 else None


def _item(erasure: Element, version: str | None, document: str | None, zone: ZoneInfo) -> tuple[EvidenceItem, bool]:
    targets = [child for child in erasure if _name(child) == "target"]
    target = targets[0] if len(targets) == 1 else Element("target")
    serial = _field(target, "serial")
    standard = _field(erasure, "erasure_standard_name")
    started, _ = _moment(_field(erasure, "start_time"), zone)
    ended, assumed = _moment(_field(erasure, "end_time") or _field(erasure, "timestamp"), zone)
    fails, doubts = _judge(erasure, standard)
    if is_redacted(serial):
        doubts.append("serial_redacted")
    elif is_placeholder(serial):
        doubts.append("no_identity")
    if started and ended and ended < started:
        doubts.append("inconsistent")
    capacity = _field(target, "capacity")
    firmware = _number(_field(erasure, "firmware_rounds"))
    item = EvidenceItem(
        index=0,
        serial=None if is_placeholder(serial) else serial,
        manufacturer=_field(target, "vendor"),
        model=_field(target, "model"),
        size_bytes=_number(capacity) or None,
        kind=_kind(_field(target, "type") or ""),
        verdict="fail" if fails else "unknown" if doubts else "pass",
        method="purge" if "purge" in (standard or "").casefold() and firmware else "clear",
        technique=", ".join(filter(None, (standard or "not told", f"document {document}" if document else None))),
        tool="blancco",
        tool_version=version,
        verification="none" if fails else "declared",
        started_at=started,
        ended_at=ended,
        reasons=tuple(dict.fromkeys((*fails, *doubts, "vendor_signature_not_checked"))),
        rounds=_number(_field(erasure, "total_erasure_rounds"))
        or _number(_field(erasure, "overwriting_rounds"))
        or None,
        device=None,
    )
    return item, assumed


def _judge(erasure: Element, standard: str | None) -> tuple[list[str], list[str]]:
    state = (_field(erasure, "state") or "").casefold()
    fails: list[str] = []
    doubts: list[str] = []
    if any(word in state for word in _FAILED):
        fails.append("errors_reported")
    elif state != "successful":
        doubts.append("warning_reported" if state else "state_not_shown")
    counters = [_field(erasure, name) for name in _COUNTERS]
    if any(counter is not None and _number(counter) != 0 for counter in counters):
        doubts.append("inconsistent")
    if standard is None:
        doubts.append("method_unknown")
    return fails, doubts


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and len(text) < 20 and text.isascii() and text.isdigit() else None  # noqa: PLR2004  # more digits are no size


def _moment(text: str | None, zone: ZoneInfo) -> tuple[datetime | None, bool]:
    return parse_moment(text, zone) if text is not None else (None, False)


def _kind(word: str) -> str | None:
    lowered = word.casefold()
    if "nvme" in lowered:
        return "ssd_nvme"
    if "ssd" in lowered:
        return "ssd_sata"
    return "hdd" if lowered == "hdd" else None
