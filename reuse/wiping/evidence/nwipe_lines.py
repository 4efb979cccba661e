"""The words of nwipe: its log lines become events, its closing tables become rows.

Learnt from running nwipe 0.33 and 0.38 in emulated machines, from logs in the project's issues (0.1x, 0.34, 0.41) and
from its source. A line must match as a whole: a line cut off by a crash says nothing.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache

MAX_LINE = 1000  # nwipe's own lines stay under 200; a limit keeps matching quick
_STAMPED = re.compile(r"\[(\d{4}/\d{2}/\d{2} \d{2}:\d{2}:\d{2})\] +(?:nwipe: )?(?:([a-z]+): {1,2})?(.*)")
_LOG_LINE = re.compile(
    r"^\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\] +(?:nwipe: )?(?:info|notice|warning|error|debug|fatal|sanity): "
    r"|^\*{20,} Drive Status \*{20,}",
    re.MULTILINE,
)
_DEVICE = r"(?:device )?'?(?P<device>/dev/[^\s',]+?)'?"
_STEP = r"pass (?P<a>\d+)(?:/| of )(?P<b>\d+), round (?P<c>\d+)(?:/| of )(?P<d>\d+), on "
_ROUND = r"round (?P<a>\d+) of (?P<b>\d+) on "
_COUNTS = r"pass_errors=(?P<b>\d+), verify_errors=(?P<c>\d+), fsync_errors=(?P<d>\d+)"
_WORDS = (
    ("found", rf"Found {_DEVICE}, *(?P<bus>[\w-]+) *, *(?P<model>.*?), *\d+ *[KMGTPE]?B, S/N=(?P<serial>.*)"),
    ("found", rf"Found {_DEVICE}.*?(?P<bus>)(?P<model>)(?:S/N[=:] ?(?P<serial>[^)]*)\)?)?"),
    ("serial", rf"{_DEVICE} has serial number (?P<serial>.*)"),
    ("size", rf"{_DEVICE}, sect/blk/dev \d+/\d+/(?P<a>\d+)"),
    ("size", rf"Device {_DEVICE} is size (?P<a>\d+)\."),
    ("invoke", rf"Invoking method '(?P<word>.+)' on {_DEVICE}\.?"),
    ("round_start", rf"Starting {_ROUND}{_DEVICE}\.?"),
    ("pass_start", rf"Starting {_STEP}{_DEVICE}\.?"),
    ("written", rf"(?P<a>\d+) bytes written to {_DEVICE}\.?"),
    ("verifying", rf"Verifying {_STEP}{_DEVICE}\.?"),
    ("read", rf"(?P<a>\d+) bytes read from {_DEVICE}\.?"),
    ("verified", rf"Verified {_STEP}{_DEVICE}\.?"),
    ("pass_end", rf"Finished {_STEP}{_DEVICE}\.?"),
    ("round_end", rf"Finished (?:final )?{_ROUND}{_DEVICE}\.?"),
    ("blanking", rf"Blanking {_DEVICE}\.?"),
    ("empty_check", rf"Verifying that {_DEVICE} is empty\.?"),
    ("empty", rf"\[SUCCESS\] Verified that {_DEVICE} is empty\.?"),
    ("blanked", rf"\[SUCCESS\] Blanked {_DEVICE}\.?"),
    ("random", rf"Writing final random pattern to {_DEVICE}\.?"),
    ("random_check", rf"Verifying final random pattern FRP on {_DEVICE}\.?"),
    ("random_ok", rf"\[SUCCESS\] Verified FRP on {_DEVICE} matches\.?"),
    ("same_check", rf"Verifying that {_DEVICE} is (?:zeroed|ones|set to ones|filled with ones)\.?"),
    ("same_ok", rf"\[SUCCESS\] Verified that {_DEVICE} is (?:Zeroed|Ones|full of ones|.*ones.*)\.?"),
    ("hidden_yes", rf".*HIDDEN.*DETECTED.* on {_DEVICE}(?:[ ,.].*)?"),
    ("hidden_maybe", rf".*HIDDEN.*INDETERMINATE.* on {_DEVICE}(?:[ ,.].*)?"),
    ("hidden_no", rf"No hidden sectors on {_DEVICE}"),
    ("hidden_values", rf"HPA values (?P<a>\d+) / (?P<b>\d+) on {_DEVICE}"),
    ("sanitize", rf"{_DEVICE}: SANITIZE action '(?P<word>.+)' (?P<serial>was successful|has completed|has failed)\.?"),
    ("result", rf"Status: {_DEVICE}, result=(?P<a>-?\d+), {_COUNTS}"),
)  # fmt: skip  # one line per word of nwipe
DEEDS = frozenset({
    "invoke", "round_start", "pass_start", "written", "verifying", "read", "verified", "pass_end", "round_end",
    "blanking", "empty_check", "empty", "blanked", "random", "random_check", "random_ok", "same_check", "same_ok",
    "sanitize",
})  # fmt: skip  # read as one list of words: the steps of an erasure, as opposed to finding drives and printing options
_TROUBLE = re.compile(r"fail|error|unable|wrote \d+ bytes|no space|giving up|cannot|may not be", re.IGNORECASE)
_HARMLESS = re.compile(
    r"(?:Nwipe (?:exited|was aborted)|nwipe_log_sysinfo|Command not found|modprobe|Most temp|could not be loaded).*"
)
_NAMED_DEVICE = re.compile(r"/dev/[A-Za-z0-9/_-]+")
_OPTION = re.compile(r" *(banner|method|quiet|rounds|verify) *= (.*)")
_FIXED = {"do not perform a final blank pass": "no_blank", "Program options are set as follows...": "options"}
_VERSION = re.compile(r"nwipe (\d[\w.+-]*)")
_END = re.compile(
    r"Nwipe (?P<how>successfully completed\. See summary table for details|exited with (?:fatal )?errors, "
    r"check the log & summary table for individual drive status|was aborted by the user\. Check the summary table for "
    r"the drive status|successfully exited|exited successfully)\."
)
_TOTAL = re.compile(r"Total Throughput +.*?/s, (.+), (\d+)R\+(N?B)\+(NV|VL|VA)")
_SYSTEM_SERIAL = re.compile(r"system-serial-number = (.*)")
_COUNT = r"(0|[1-9]\d*)"  # printed by %llu: a number that begins with another 0 was not written by nwipe
_ERROR_ROW = re.compile(rf"(!?) *(\S+) \| +{_COUNT} \| +{_COUNT} \|(?: +{_COUNT})?", re.ASCII)
_STATUS_ROW = re.compile(r"(!?) *(\S+) \|(.{8})\|[^|]*\|[^|]*\|(.*)")
_ERASED_ROW = re.compile(r"(!?) *([\w/-]+) *\|(.*)", re.ASCII)
_COUNT_CELL = re.compile(r" *(\d+)(?: +\([^)]*\))? *", re.ASCII)
_PERCENT_CELL = re.compile(r" *(?:100(?:\.0+)?|(?P<less>\d+(?:\.\d+)?)) *% *", re.ASCII)
_RULE = re.compile(r"[-*]{20,}")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: `name` is a word of `_WORDS`, or one of those that `_frame` gives."""

    name: str
    device: str | None = None
    at: datetime | None = None
    numbers: tuple[int, ...] = ()
    word: str = ""
    other: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a closing table: `table` is errors, status or erased; the device without /dev/."""

    table: str
    device: str
    flagged: bool
    numbers: tuple[int, ...] = ()
    status: str = ""
    text: str = ""


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(pattern, re.ASCII)) for name, pattern in _WORDS)


def looks_like_nwipe(text: str) -> bool:
    """Say whether a text is an nwipe log, from its lines alone."""
    return _LOG_LINE.search(text) is not None


def read_line(line: str) -> Event | None:
    """Read one line with a time stamp; None where the line has none (table, continuation, blank)."""
    found = _STAMPED.fullmatch(line.rstrip()) if len(line) <= MAX_LINE else None
    if found is None:
        return None
    stamp, severity, text = found.groups()
    try:
        at = datetime.strptime(stamp, "%Y/%m/%d %H:%M:%S")  # noqa: DTZ007  # the log tells no zone; times.py adds it
    except ValueError:
        return Event("bad_time", word=text)
    return _words(text, at, severity or "") or _frame(text, at, severity or "")


def _words(text: str, at: datetime, severity: str) -> Event | None:
    for name, pattern in _patterns():
        if found := pattern.fullmatch(text):
            part = found.groupdict()
            return Event(
                name,
                part["device"],
                at,
                tuple(int(part[key]) for key in "abcd" if part.get(key)),
                part.get("word") or part.get("model") or "",
                part.get("serial") or "",
                part.get("bus") or severity,
            )
    return None


def _frame(text: str, at: datetime, severity: str) -> Event:
    if found := _OPTION.fullmatch(text):
        return Event("option", at=at, word=found.group(1), other=found.group(2).strip())
    if found := _TOTAL.fullmatch(text):
        return Event("total", at=at, numbers=(int(found[2]),), word=found[1], other=f"{found[3]}+{found[4]}")
    for name, pattern in (("version", _VERSION), ("end", _END), ("system_serial", _SYSTEM_SERIAL)):
        if found := pattern.fullmatch(text):
            return Event(name, at=at, word=found.group(1))
    if text.strip() in _FIXED:
        return Event(_FIXED[text.strip()], at=at)
    bad = severity in {"error", "fatal", "sanity"} or "[FAILURE]" in text
    if (bad or (severity == "warning" and _TROUBLE.search(text))) and not _HARMLESS.fullmatch(text):
        named = _NAMED_DEVICE.search(text)
        return Event("trouble", named.group() if named else None, at, word=text)
    return Event("other", at=at, word=text)


def read_row(line: str, table: str) -> Row | None:
    """Read one row of a closing table."""
    if table == "errors" and (found := _ERROR_ROW.fullmatch(line)):
        counts = tuple(int(count) for count in found.groups()[2:] if count is not None)
        return Row("errors", found[2], bool(found[1]), counts)
    if table == "status" and (found := _STATUS_ROW.fullmatch(line)):
        return Row("status", found[2], bool(found[1]), status=found[3].strip(), text=found[4].strip(" "))
    if table == "erased" and (found := _ERASED_ROW.fullmatch(line)):
        return _erased_row(found[2], found[3].split("|"), flagged=bool(found[1]))
    return None


def _erased_row(device: str, cells: list[str], *, flagged: bool) -> Row | None:
    """Read the two counts of bytes, erased and total, whatever stands around them; a share below 100 % is a flag."""
    counts = [int(count[1]) for cell in cells if (count := _COUNT_CELL.fullmatch(cell))]
    shares = [share for cell in cells if (share := _PERCENT_CELL.fullmatch(cell))]
    known = len(counts) + len(shares) + sum(not cell.strip() for cell in cells)
    if len(counts) != 2 or known != len(cells):  # noqa: PLR2004  # erased and total
        return None
    return Row("erased", device, flagged or any(share["less"] for share in shares), (counts[0], counts[1]))


def table_begun(line: str) -> str | None:
    """Say which table a heading begins; a rule of the table itself changes nothing, any other heading ends it."""
    for title, table in (("Error Summary", "errors"), ("Drive Status", "status"), ("Erasure Summary", "erased")):
        if re.fullmatch(rf"\*{{10,}} {title} \*{{10,}}", line.strip()):
            return table
    return None


def is_rule(line: str) -> bool:
    """Say whether a line is only a rule of dashes or stars, or the column titles of a table."""
    return _RULE.fullmatch(line.strip()) is not None or (line.startswith("! ") and "Device |" in line)
