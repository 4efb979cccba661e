"""nwipe and ShredOS logs: one item per run and drive."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from reuse.wiping.evidence.nwipe_body import OPS2, size_of
from reuse.wiping.evidence.nwipe_identity import identity_of, kind_of
from reuse.wiping.evidence.nwipe_lines import DEEDS
from reuse.wiping.evidence.nwipe_sessions import Session, split_sessions
from reuse.wiping.evidence.nwipe_verdict import Case, case_of, doubts_of, faults_of
from reuse.wiping.evidence.shape import Evidence, EvidenceItem
from reuse.wiping.evidence.times import span_to_utc
from reuse.wiping.rules import is_placeholder

_VERIFICATIONS = {"NV": "none", "VL": "last", "VA": "all"}


def read_nwipe(text: str, timezone: str, zone: ZoneInfo) -> Evidence:
    """Read a log of any number of runs and drives. Its times are local to `timezone`, which the log does not tell."""
    sessions = split_sessions(text.split("\n"))
    items = [_item(session, device, zone) for session in sessions for device in session.devices()]
    serials = {event.word for session in sessions for event in session.all("system_serial")}
    machine = serials.pop() if len(serials) == 1 else None
    return Evidence(
        format="nwipe_log",
        items=tuple(replace(item, index=index) for index, item in enumerate(items)),
        system_serial=None if is_placeholder(machine) else machine,
        timezone=timezone,
        timezone_assumed=True,
        warnings=("timezone_assumed",) if items else ("no_erasure_told",),
    )


def _item(session: Session, device: str, zone: ZoneInfo) -> EvidenceItem:
    case = case_of(session, device)
    identity = identity_of(session, device)
    faults = faults_of(case)
    doubts = (*identity.doubts, *doubts_of(case, zone))
    started, ended = _times(case, zone)
    if started and ended and ended < started:
        doubts = (*doubts, "inconsistent")
    if faults:  # the tables have decided: that the story of a failed run has gaps is no news
        doubts = tuple(doubt for doubt in doubts if doubt not in {"inconsistent", "not_verified"})
    return EvidenceItem(
        index=0,
        serial=identity.serial,
        manufacturer=None,
        model=identity.model,
        size_bytes=size_of(session, device),
        kind=kind_of(identity.bus, case.version),
        verdict="fail" if faults else "unknown" if doubts else "pass",
        method=_method(case),
        technique=_technique(case),
        tool="nwipe",
        tool_version=case.version,
        verification="none" if faults else _verification(case, doubts),
        started_at=started,
        ended_at=ended,
        reasons=tuple(dict.fromkeys((*faults, *doubts))),
        rounds=case.plan.rounds if case.plan else None,
        device=device,
    )


def _method(case: Case) -> str:
    if case.sanitized:
        return "purge"
    return "none" if case.verify_only or not (case.wiped and case.method) else "clear"


def _technique(case: Case) -> str:
    parts = [f"SANITIZE {case.sanitize[-1].word}"] if case.sanitize else []
    if case.wiped:
        parts.append(case.method or "not told")
    if case.plan and not case.verify_only:
        blank = (
            "final random pattern" if case.method == OPS2 else "final blank" if case.plan.blank else "no final blank"
        )
        parts += [f"{case.plan.rounds} round{'s' if case.plan.rounds > 1 else ''}", blank]
    return ", ".join(parts)


def _verification(case: Case, doubts: tuple[str, ...]) -> str:
    if not case.wiped:
        return "declared" if case.sanitized else "none"
    if case.plan is None or case.verify_only or {"inconsistent", "truncated"} & set(doubts):
        return "none"
    return _VERIFICATIONS[case.plan.verify]


def _times(case: Case, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    deeds = [event for event in case.session.events if event.device == case.device and event.name in DEEDS]
    every = [event.at for event in case.session.events if event.at]
    closed = [event.at for event in case.session.all("total") if event.at]
    cleanly = all(row.status == "Erased" for row in case.statuses) and bool(case.statuses or not case.wiped)
    ends = [event.at for event in deeds if event.at] if cleanly else closed or every
    # A sanitize line tells its end; its start is not logged.
    start = deeds[0].at if deeds and deeds[0].name != "sanitize" else None
    return span_to_utc(start, ends[-1] if ends else (closed or [None])[-1], zone)
