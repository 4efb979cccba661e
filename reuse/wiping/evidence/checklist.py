"""The witnessed checklist of a phone: two persons saw that it is free of accounts, cards and data.

Shape `filiere-checklist/1`: {format, device_serial | imei, checks: {name: true | false}, operator, witness, started_at,
ended_at}.
"""

from zoneinfo import ZoneInfo

from reuse.errors import Invalid
from reuse.wiping.evidence.safely import mapping, text_of
from reuse.wiping.evidence.shape import Evidence, EvidenceItem
from reuse.wiping.evidence.times import parse_moment
from reuse.wiping.rules import is_placeholder, is_redacted

FORMAT = "filiere-checklist/1"
CHECKS = ("account_locks_off", "sim_removed", "sd_removed", "factory_reset_seen", "start_screen_seen")


def is_checklist(value: object) -> bool:
    """Say whether a JSON value claims to be a checklist, of whatever version."""
    return str(mapping(value).get("format", "")).startswith("filiere-checklist/")


def read_checklist(value: object, timezone: str, zone: ZoneInfo) -> Evidence:
    """Read one phone's checklist. Its erasure is a Purge: the reset destroys the key (method table, phone)."""
    paper = mapping(value)
    if paper.get("format") != FORMAT:
        raise Invalid(f"This checklist is not of the version {FORMAT}.", code="checklist_version")
    if not isinstance(paper.get("checks"), dict):
        raise Invalid("The checklist has no checks.", code="checklist_malformed")
    serial = text_of(paper.get("device_serial")) or text_of(paper.get("imei"))
    started, start_assumed = parse_moment(paper.get("started_at"), zone)
    ended, end_assumed = parse_moment(paper.get("ended_at"), zone)
    fails, doubts = _judge(paper, serial)
    if ended is None:
        doubts.append("time_unknown")
    elif started is not None and ended < started:
        doubts.append("inconsistent")
    item = EvidenceItem(
        index=0,
        serial=None if is_placeholder(serial) else serial,
        manufacturer=text_of(paper.get("manufacturer")),
        model=text_of(paper.get("model")),
        size_bytes=None,
        kind="phone",
        verdict="fail" if fails else "unknown" if doubts else "pass",
        method="purge",
        technique="Factory reset, witnessed checklist",
        tool="checklist",
        tool_version="1",
        verification="declared",
        started_at=started,
        ended_at=ended,
        reasons=(*fails, *doubts),
        rounds=None,
        device=None,
    )
    assumed = start_assumed or end_assumed
    return Evidence("checklist", (item,), item.serial, timezone, assumed, ("timezone_assumed",) if assumed else ())


def _judge(paper: dict[str, object], serial: str | None) -> tuple[list[str], list[str]]:
    checks = mapping(paper.get("checks"))
    doubts: list[str] = []
    if is_redacted(serial):
        doubts.append("serial_redacted")
    elif is_placeholder(serial):
        doubts.append("no_identity")
    if any(checks.get(check) is not True and checks.get(check) is not False for check in CHECKS):
        doubts.append("check_missing")
    operator, witness = (_person(paper.get(role)) for role in ("operator", "witness"))
    if not operator or not witness or operator == witness:
        doubts.append("one_person")
    fails = ["check_failed"] if any(checks.get(check) is False for check in CHECKS) else []
    return fails, doubts


def _person(value: object) -> str:
    """Bring a name to the form in which two are compared: the same person twice is one person."""
    name = text_of(value) or ""
    return "" if is_placeholder(name) else "".join(sign for sign in name.casefold() if sign.isalnum())
