"""What speaks against a pass in an nwipe session: faults that the tables decide, doubts where the story does not hold.

"[SUCCESS] Verified" and "Verified pass" are printed in failed runs too, an aborted run exits 0, and 0.33 counts write
errors only as fdatasync errors: all found by running nwipe on failing disks.
"""

from dataclasses import dataclass
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from reuse.wiping.evidence.nwipe_body import Plan, body_agrees, plan_of, size_of
from reuse.wiping.evidence.nwipe_lines import Event, Row
from reuse.wiping.evidence.nwipe_sessions import Session
from reuse.wiping.rules import trust_of

DESTRUCTIVE = frozenset({"block erase", "crypto scramble", "crypto erase", "overwrite"})
_CLOCK_SLACK = timedelta(seconds=2)  # threads write in turn; a clock that goes back further was set or forged


@dataclass(frozen=True, slots=True)
class Case:
    """One device in one session, with all that the session says about it."""

    session: Session
    device: str
    version: str | None
    method: str | None
    plan: Plan | None
    statuses: tuple[Row, ...]
    errors: tuple[Row, ...]
    erased: tuple[Row, ...]
    sanitize: tuple[Event, ...]
    wiped: bool

    @property
    def verify_only(self) -> bool:
        """Whether the run only read: nwipe calls that "Erased", too."""
        return (self.method or "").casefold().startswith("verify")

    @property
    def sanitized(self) -> bool:
        """Whether the drive's own sanitize command, the last one given, was successful."""
        return bool(self.sanitize) and self.sanitize[-1].other == "was successful"


def case_of(session: Session, device: str) -> Case:
    """Gather what a session says about a device."""
    rows = [row for row in session.rows if f"/dev/{row.device}" == device]
    invoked = session.all("invoke", device)
    sanitize = [event for event in session.all("sanitize", device) if event.word.casefold() in DESTRUCTIVE]
    statuses = tuple(row for row in rows if row.table == "status")
    plan = plan_of(session)
    return Case(
        session=session,
        device=device,
        version=_version_of(session),
        method=invoked[0].word if invoked else plan.method if plan else None,
        plan=plan,
        statuses=statuses,
        errors=tuple(row for row in rows if row.table == "errors"),
        erased=tuple(row for row in rows if row.table == "erased"),
        sanitize=tuple(sanitize),
        wiped=bool(invoked or statuses) or not sanitize,
    )


def _version_of(session: Session) -> str | None:
    """Read nwipe's version: first line and options' banner must agree; 0.33 with --logfile prints the banner only."""
    banner = session.option("banner")
    versions = {event.word for event in session.all("version")}
    versions |= {banner.removeprefix("nwipe ")} if banner else set()
    told_by_options = banner is not None or not session.all("options")
    return versions.pop() if len(versions) == 1 and told_by_options else None


def faults_of(case: Case) -> list[str]:
    """List what makes the report say that the drive is not erased."""
    faults: list[str] = []
    words = {row.status for row in case.statuses}
    if any(any(row.numbers) for row in case.errors) or words & {"-FAILED-", "INSANITY"}:
        faults.append("errors_reported")
    if "UABORTED" in words:
        faults.append("aborted")
    if any(row.numbers[0] < row.numbers[1] for row in case.erased):
        faults.append("incomplete")
    if case.sanitize and case.sanitize[-1].other == "has failed":
        faults.append("sanitize_failed")
    if _hidden(case) == "hidden_yes":
        faults.append("hidden_area")
    return faults


def doubts_of(case: Case, zone: ZoneInfo) -> list[str]:
    """List what keeps a report without faults from being a pass."""
    doubts = _trust_doubts(case)
    if case.sanitize and case.sanitize[-1].other == "has completed":
        doubts.append("sanitize_no_result")
    if _hidden(case) == "hidden_maybe":
        doubts.append("hidden_area")
    if case.wiped:
        doubts += _wipe_doubts(case)
    if case.session.damaged or not _clock_runs_forward(case.session, zone):
        doubts.append("inconsistent")
    return doubts


def _trust_doubts(case: Case) -> list[str]:
    if case.version is None:
        return ["tool_version_unknown"]
    return ["tool_not_trusted"] if trust_of("nwipe", case.version) == "untrusted" else []


def _wipe_doubts(case: Case) -> list[str]:
    troubled = _trouble(case)
    if not (case.statuses and case.errors and case.session.all("total") and case.session.all("end")):
        return ["truncated", *(["errors_reported"] if troubled else [])]
    if case.verify_only:
        return ["verify_only"]
    doubts: list[str] = []
    size = size_of(case.session, case.device)
    agreed = case.plan is not None and size is not None and body_agrees(case.session, case.device, case.plan, size)
    if not agreed or troubled or not _tables_agree(case) or not _ending_agrees(case.session):
        doubts.append("inconsistent")
    if case.plan is not None and case.plan.verify == "NV":
        doubts.append("not_verified")
    return doubts


def _tables_agree(case: Case) -> bool:
    """Say whether each table names the device once, cleanly and unflagged."""
    one_each = len(case.statuses) == 1 == len(case.errors) and len(case.erased) <= 1
    clean = case.statuses[0].status == "Erased" and not any(
        row.flagged for row in (*case.statuses, *case.errors, *case.erased)
    )
    whole = all(row.numbers[0] == row.numbers[1] for row in case.erased)
    return one_each and clean and whole


def _ending_agrees(session: Session) -> bool:
    """Say whether the last line's word on the whole run fits the rows of the tables."""
    endings = session.all("end")
    statuses = {row.status for row in session.rows if row.table == "status"}
    failing = statuses != {"Erased"} or any(any(row.numbers) for row in session.rows if row.table == "errors")
    word = endings[0].word
    if len(endings) != 1 or "aborted" in word:
        return len(endings) == 1 and "UABORTED" in statuses
    return ("exited with" in word) == failing


def _trouble(case: Case) -> bool:
    """Say whether the body reports an error of this device, or a nameless one that no row of the tables explains."""
    session = case.session
    failing = any(row.status in {"-FAILED-", "INSANITY"} for row in session.rows if row.table == "status")
    nameless = any(event.device is None for event in session.all("trouble")) and not failing
    results = any(any(event.numbers) for event in session.all("result", case.device))
    return bool(session.all("trouble", case.device)) or nameless or results


def _hidden(case: Case) -> str | None:
    """Say how the question of a hidden area (HPA, DCO) of this device was left: the last word counts."""
    words = [event.name for event in case.session.events if event.device == case.device]
    last = next((name for name in reversed(words) if name in {"hidden_yes", "hidden_maybe", "hidden_no"}), None)
    values = case.session.all("hidden_values", case.device)
    asked_in_vain = last is None and (bool(values) or _was_asked(case))
    differing = any(event.numbers[0] != event.numbers[1] for event in values)
    return "hidden_maybe" if last != "hidden_yes" and (asked_in_vain or differing) else last


def _was_asked(case: Case) -> bool:
    """Say whether nwipe looked for a hidden area of this device: it then names its sectors, and always answers.

    Each search also prints one line without a device; one more of them than there are answers is a search whose answer
    is lost, maybe this device's.
    """
    others = [event.word for event in case.session.events if event.name == "other"]
    answers = sum(event.name in {"hidden_yes", "hidden_maybe", "hidden_no"} for event in case.session.events)
    searches = sum("nwipe_read_dco_real_max_sectors()" in word for word in others)
    named = any("max sectors" in word and word.endswith(f" on {case.device}") for word in others)
    return named or searches > answers


def _clock_runs_forward(session: Session, zone: ZoneInfo) -> bool:
    before = None
    for event in session.events:
        if event.at is None:
            continue
        now = event.at.replace(tzinfo=zone).astimezone(UTC)
        if before is not None and now < before - _CLOCK_SLACK:
            now = event.at.replace(tzinfo=zone, fold=1).astimezone(UTC)  # the second of two equal hours in autumn
            if now < before - _CLOCK_SLACK:
                return False
        before = now
    return True
