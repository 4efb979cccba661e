"""Pure rules of erasure: whom to believe, which level was reached, which medium is meant, whether the gate opens.

Sources: spec of erasure (the workshop's own), NIST SP 800-88 Rev. 2 (September 2025) for the levels.
"""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Protocol, TypeVar

from reuse.errors import Invalid
from reuse.placeholders import identifies_nothing

LEVELS = ("none", "clear", "purge", "destroy")
NWIPE_SERIAL_LENGTH = 20  # nwipe prints at most 20 characters of a serial (its NWIPE_SERIALNUMBER_LENGTH)
NWIPE_MODEL_LENGTH = 16  # and cuts models to 16, seen in 0.33 and 0.38
CLOCK_SLACK = timedelta(minutes=10)  # what a station's clock may be wrong by; less than two zones ever differ by
SIZE_TOLERANCE = 0.01  # makers and tools round sizes; a suggestion only, so 1 % is enough

_WWN = re.compile(r"(?:WWN[-:]?)?(?:0X|NAA\.|EUI\.)([0-9A-F]{16})")
_VERSION = re.compile(r"\d{1,9}(?:\.\d{1,9}){0,3}")

MediumId = TypeVar("MediumId")


class Finding(Protocol):
    """What is asked of an evidence item here; parsed items and stored rows both have it."""

    @property
    def verdict(self) -> str:
        """Pass, fail or unknown."""
        ...

    @property
    def method(self) -> str:
        """Clear, purge, destroy or none, before the medium's kind is known."""
        ...

    @property
    def tool(self) -> str:
        """Name of the tool."""
        ...

    @property
    def tool_version(self) -> str | None:
        """Version of the tool, where told."""
        ...

    @property
    def kind(self) -> str | None:
        """Kind of medium, where the report tells it."""
        ...

    @property
    def verification(self) -> str:
        """One of none, last, all, declared."""
        ...

    @property
    def ended_at(self) -> datetime | None:
        """When the wipe ended, aware."""
        ...

    @property
    def reasons(self) -> Collection[str]:
        """Codes."""
        ...


class Hint(Protocol):
    """Model and size of an item or of a medium, for suggestions."""

    @property
    def model(self) -> str | None:
        """Model as the tool printed it, maybe cut."""
        ...

    @property
    def size_bytes(self) -> int | None:
        """Size in bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Policy:
    """What a territory may decide: to accept unverified wipes (said on the certificate), to demand two persons."""

    accept_not_verified: bool = False
    two_persons: bool = False


@dataclass(frozen=True, slots=True)
class MediumState:
    """Whether the reports prove one medium erased; `missing` says what lacks, `ruling` which of the reports rules."""

    erased: bool
    missing: tuple[str, ...]
    ruling: int | None
    level: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one captured medium stands for its device's gate; `disposal` is destroyed, removed, absent or None."""

    state: MediumState
    disposal: str | None = None


@cache
def _trust_table() -> dict[str, list[dict[str, str]]]:
    raw: dict[str, object] = json.loads((files("reuse") / "data" / "tool_trust.json").read_text("utf-8"))
    return {tool: ranges for tool, ranges in raw.items() if isinstance(ranges, list)}


def version_numbers(version: str) -> tuple[int, ...] | None:
    """Turn "0.38" or "11.0b11" into comparable numbers; None where no number leads."""
    found = _VERSION.match(version.strip())
    return tuple(int(part) for part in found.group().split(".")) if found else None


def trust_of(tool: str, version: str | None) -> str:
    """Say what a tool's own success line is worth: trusted, recheck or untrusted (source: data/tool_trust.json).

    A tool or version that the table does not know is untrusted until someone adds it with a source. Where the version
    is not told, the tool's trust counts only if it is the same for every version.
    """
    ranges = _trust_table().get("nwipe" if tool == "shredos" else tool, [])
    if version is None:
        worths = {entry["trust"] for entry in ranges}
        return worths.pop() if len(worths) == 1 else "untrusted"
    numbers = version_numbers(version)
    for entry in ranges:
        low, high = version_numbers(entry["from"]), version_numbers(entry["below"])
        if numbers is not None and low is not None and high is not None and low <= numbers < high:
            return entry["trust"]
    return "untrusted"


def meets(level: str, required: str) -> bool:
    """Say whether a level reached is at least the level demanded; an unknown level is refused, not guessed."""
    if required not in LEVELS or level not in LEVELS:
        raise Invalid(f"Unknown erasure level: {level} or {required}.", code="unknown_level")
    return LEVELS.index(level) >= LEVELS.index(required) and level != "none"


def level_reached(method: str, medium_kind: str | None, *, tool: str = "") -> str:
    """Refine what a tool did by what it was done to (table "Method by medium", NIST SP 800-88 Rev. 2).

    A phone has no Clear. nwipe proves nothing on `usb` and `sd`: it prints no serial and its verification may be
    answered from the page cache. Overwriting never rises above Clear because parsers name it "clear".
    """
    if method not in LEVELS:
        return "none"
    if medium_kind == "phone" and method == "clear":
        return "none"
    if medium_kind in {"usb", "sd"} and tool in {"nwipe", "shredos"}:
        return "none"
    return method


def is_placeholder(text: str | None) -> bool:
    """Say whether a serial identifies nothing: absent, redacted, a filler, or nwipe's cut "[No Information Found]"."""
    return text is None or identifies_nothing(text) or text.strip().startswith("[No Information")


def is_redacted(text: str | None) -> bool:
    """Say whether the tool hid the serial on purpose: nwipe -q prints X or ?."""
    stripped = (text or "").strip()
    return bool(stripped) and not stripped.strip("Xx?*")


def normalise_serial(text: str) -> str:
    """Bring a serial to the form in which two spellings are compared: upper case, no spaces, no WWN prefix.

    Leading zeros stay: they are part of serials.
    """
    joined = "".join(text.split()).upper()
    found = _WWN.fullmatch(joined)
    return found.group(1) if found else joined


@cache
def _sentences() -> dict[str, dict[str, str]]:
    raw: dict[str, dict[str, dict[str, str]]] = json.loads(
        (files("reuse") / "data" / "reasons.json").read_text("utf-8")
    )
    return raw["reasons"]


def sentence_of(code: str, language: str) -> str:
    """Say a reason code in a technician's words, in French (fr) or English (en)."""
    return _sentences()[code][language]


def match_serial(
    report_serial: str | None, candidates: Iterable[tuple[MediumId, str | None]]
) -> tuple[MediumId | None, str]:
    """Find the one medium whose serial the report names, and say how: exact, normalised or truncated.

    Without an id the word says why: placeholder, ambiguous (several media answer) or none.
    """
    if report_serial is None or is_placeholder(report_serial):
        return None, "placeholder"
    known = [(key, serial) for key, serial in candidates if serial is not None and not is_placeholder(serial)]
    wanted, short = normalise_serial(report_serial), report_serial.strip()
    exact = [key for key, serial in known if serial.strip() == short]
    same = [key for key, serial in known if normalise_serial(serial) == wanted]
    cut = [
        key
        for key, serial in known
        if len(short) == NWIPE_SERIAL_LENGTH and normalise_serial(serial.strip()[:NWIPE_SERIAL_LENGTH]) == wanted
    ]
    for keys, how in ((exact, "exact"), (same, "normalised"), (cut, "truncated")):
        if len(keys) == 1:
            return keys[0], how
        if keys:
            return None, "ambiguous"
    return None, "none"


def suggest(item: Hint, media: Iterable[tuple[MediumId, Hint]]) -> tuple[MediumId, ...]:
    """List the media that resemble the item by model and size; a person confirms, the verdict never changes."""
    if item.model is None or item.size_bytes is None:
        return ()
    model = normalise_serial(item.model)[:NWIPE_MODEL_LENGTH]
    return tuple(
        key
        for key, medium in media
        if medium.model is not None
        and medium.size_bytes is not None
        and (normalise_serial(medium.model).startswith(model) or model.startswith(normalise_serial(medium.model)))
        and abs(medium.size_bytes - item.size_bytes) <= SIZE_TOLERANCE * medium.size_bytes
    )


def ruling_index(findings: Sequence[Finding], received: Sequence[datetime] | None = None) -> int | None:
    """Say which of several reports rules: the one whose wipe ended last; at the same moment the worst one.

    Where a report tells no time, the moment it was received (same order as `findings`) orders it; without that, a fail
    without a time rules, since nobody can say that it came before. What erased nothing and failed nothing (a listing, a
    verify-only run) rules only where there is nothing else.
    """
    moments = [finding.ended_at or (received[index] if received else None) for index, finding in enumerate(findings)]
    everything = range(len(findings))
    wipes = [index for index in everything if findings[index].method != "none" or findings[index].verdict == "fail"]
    timeless = [index for index in wipes if moments[index] is None and findings[index].verdict == "fail"]
    timed = [index for index in wipes if moments[index] is not None]

    def weight(index: int) -> tuple[float, int]:
        moment = moments[index]
        return moment.timestamp() if moment else 0.0, {"pass": 0, "unknown": 1}.get(findings[index].verdict, 2)

    return max(timeless or timed or wipes or everything, key=weight, default=None)


def _verdict_missing(finding: Finding, policy: Policy) -> list[str]:
    if finding.verdict == "fail":
        return ["verdict_fail"]
    only_unverified = set(finding.reasons) == {"not_verified"}
    if finding.verdict != "pass" and not only_unverified:
        return ["verdict_unknown"]
    if finding.verdict == "pass" and finding.verification != "none":
        return []
    if not policy.accept_not_verified:
        return ["not_verified"]
    # What a territory accepts unverified must come from a tool whose word alone is trusted (data/tool_trust.json).
    trusted = trust_of(finding.tool, finding.tool_version) == "trusted"
    return [] if trusted else ["tool_needs_verification"]


def judge_medium(
    findings: Sequence[Finding],
    custody_since: datetime | None,
    required_level: str,
    policy: Policy,
    *,
    kind: str | None = None,
    now: datetime | None = None,
    received: Sequence[datetime] | None = None,
) -> MediumState:
    """Say whether the reports matched to one medium prove it erased, and what is missing if not.

    `custody_since` is the device's last reception or return (aware): a wipe that ended before proves nothing about what
    was written since. None says that the device was never received, so that no moment is asked for. `kind` is the
    medium's, from the capture. A report dated after `now`, or more than ten minutes after it came (`received`, same
    order as `findings`), comes from a wrong clock, and waiting does not mend it. `received` also orders the reports
    that tell no time.
    """
    index = ruling_index(findings, received)
    if index is None:
        return MediumState(erased=False, missing=("no_report",), ruling=None, level="none")
    ruling = findings[index]
    missing = _verdict_missing(ruling, policy)
    level = level_reached(ruling.method, kind or ruling.kind, tool=ruling.tool)
    if custody_since is not None and ruling.ended_at is None:
        missing.append("time_unknown")
    if custody_since is not None and ruling.ended_at is not None and ruling.ended_at <= custody_since:
        missing.append("report_before_custody")
    latest = [moment for moment in (now, received[index] + CLOCK_SLACK if received else None) if moment is not None]
    if latest and ruling.ended_at is not None and ruling.ended_at > min(latest):
        missing.append("report_in_future")
    if not meets(level, required_level):
        missing.append("level_too_low")
    return MediumState(erased=not missing, missing=tuple(missing), ruling=index, level=level)


def sanitization_missing(standings: Sequence[Standing], *, media_required: bool = True) -> tuple[str, ...]:
    """Say what keeps a device's sanitization gate shut: wiped + destroyed + removed + proved absent = all captured.

    A device of a category that always has media and shows none is missing `no_medium`.
    """
    if not standings:
        return ("no_medium",) if media_required else ()
    missing = [
        code
        for standing in standings
        if standing.disposal not in {"destroyed", "removed", "absent"} and not standing.state.erased
        for code in standing.state.missing or ("no_report",)
    ]
    return tuple(dict.fromkeys(missing))
