"""The one door of evidence: bytes in, recognised by their content, never by a file's name."""

import re
from zoneinfo import ZoneInfo

from reuse.errors import Invalid, UnknownFormat
from reuse.wiping.evidence.blancco import is_blancco, read_blancco
from reuse.wiping.evidence.checklist import is_checklist, read_checklist
from reuse.wiping.evidence.ereuse import is_snapshot, read_snapshot
from reuse.wiping.evidence.folder import is_folder
from reuse.wiping.evidence.hdparm import looks_like_hdparm, read_hdparm
from reuse.wiping.evidence.nvme import has_sanitize_json, has_sanitize_text, read_sanitize_json, read_sanitize_text
from reuse.wiping.evidence.nwipe import read_nwipe
from reuse.wiping.evidence.nwipe_lines import looks_like_nwipe
from reuse.wiping.evidence.pairs import read_bundle
from reuse.wiping.evidence.safely import json_values, read_text, yaml_value
from reuse.wiping.evidence.shape import Evidence, EvidenceItem
from reuse.wiping.evidence.strangers import refuse_stranger
from reuse.wiping.evidence.times import zone_named

_YAML = re.compile(r"^[\"']?(?:@?type|components)[\"']?\s*:", re.MULTILINE)
_ALONE = re.compile(r"^(?:Success formatting namespace:|(?P<device>/dev/[\w/-]+): Discarded )\d+", re.MULTILINE)
MAX_ITEMS = 5_000  # as many devices as the largest donation


def read_evidence(content: bytes, *, timezone: str) -> Evidence:
    """Read an uploaded report, or a bundle of files that are one. Times without a zone are local to `timezone` (IANA).

    Raises Invalid for damaged or hostile files, TooLarge above 20 MB, UnknownFormat for what no parser knows.
    """
    zone = zone_named(timezone)
    if is_folder(content):
        return read_bundle(content, timezone)
    if content.startswith(b"%PDF"):
        # nwipe's PDF reports of one second overwrite each other, so a PDF may speak of another drive.
        raise UnknownFormat("A PDF alone proves nothing: please upload the tool's log file.", code="pdf_not_evidence")
    text = read_text(content)
    evidence = _dispatch(content, text, timezone, zone)
    if len(evidence.items) > MAX_ITEMS:
        raise Invalid("The report holds more than 5,000 items; please split it.", code="too_many_items")
    return evidence


def _dispatch(content: bytes, text: str, timezone: str, zone: ZoneInfo) -> Evidence:
    start = text.lstrip()[:1]
    if looks_like_nwipe(text):
        return read_nwipe(text, timezone, zone)
    if start in {"{", "["}:
        return _structured(text, timezone, zone)
    if start == "<":
        if not is_blancco(text):
            raise refuse_stranger(text)
        return read_blancco(content, timezone, zone)
    return _unstructured(text, timezone, zone)


def _unstructured(text: str, timezone: str, zone: ZoneInfo) -> Evidence:
    if has_sanitize_text(text):
        return read_sanitize_text(text, timezone)
    if looks_like_hdparm(text):
        return read_hdparm(text, timezone)
    if alone := _ALONE.search(text):
        return _lone_line(alone["device"], timezone)
    if _YAML.search(text):
        return _snapshot(yaml_value(text), text, timezone, zone)
    raise refuse_stranger(text)


def _lone_line(device: str | None, timezone: str) -> Evidence:
    """Keep what `blkdiscard -v` or `nvme format` print on success: no serial, and a drive may have ignored it."""
    item = EvidenceItem(
        index=0,
        serial=None,
        manufacturer=None,
        model=None,
        size_bytes=None,
        kind=None,
        verdict="unknown",
        method="none",
        technique="blkdiscard" if device else "NVMe Format",
        tool="blkdiscard" if device else "nvme-cli",
        tool_version=None,
        verification="none",
        started_at=None,
        ended_at=None,
        reasons=("no_identity", "no_proof"),
        rounds=None,
        device=device,
    )
    return Evidence("success_line", (item,), None, timezone, False, ())  # no time is told, none assumed


def _structured(text: str, timezone: str, zone: ZoneInfo) -> Evidence:
    values = json_values(text)
    if values is None:
        if has_sanitize_text(text):
            return read_sanitize_text(text, timezone)
        return _snapshot(_yaml_in_braces(text), text, timezone, zone)
    if has_sanitize_json(values):
        return read_sanitize_json(values, timezone)
    if len(values) == 1 and is_checklist(values[0]):
        return read_checklist(values[0], timezone, zone)
    if len(values) == 1 and is_snapshot(values[0]):
        return read_snapshot(values[0], timezone, zone)
    raise refuse_stranger(text)


def _yaml_in_braces(text: str) -> object:
    try:
        return yaml_value(text)
    except Invalid as refusal:
        if refusal.code != "yaml_malformed":
            raise
        raise Invalid("The file begins like JSON, but cannot be read as JSON.", code="json_malformed") from None


def _snapshot(value: object, text: str, timezone: str, zone: ZoneInfo) -> Evidence:
    if not is_snapshot(value):
        raise refuse_stranger(text)
    return read_snapshot(value, timezone, zone)
