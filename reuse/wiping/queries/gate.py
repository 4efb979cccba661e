"""Where each medium of a device stands, and what keeps the gate `sanitized` shut (spec/process.md, gate 2)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from reuse import clock
from reuse.devices.models import Device, Medium, MilestoneRow
from reuse.devices.queries import media_of
from reuse.devices.rules import MediaPolicy, Milestone, media_policy
from reuse.donations.queries import donation_of
from reuse.people.models import Territory
from reuse.people.rules import same_person
from reuse.wiping.evidence.times import zone_or_custody
from reuse.wiping.models import Disposal, ErasureReport, ReportItem, Sanitization
from reuse.wiping.rules import MediumState, Policy, Standing, judge_medium, sanitization_missing

SERIAL_DIFFERS = "serial_differs"
"""A person matched the item to a medium of another serial: kept and shown, and it proves nothing."""

NO_MEDIUM = "no_medium"
"""As a decision: somebody says that the device holds no storage medium. As a missing word: nobody has said so."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A matched item as the rules judge it."""

    verdict: str
    method: str
    tool: str
    tool_version: str | None
    kind: str | None
    verification: str
    ended_at: datetime | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MediumStanding:
    """One medium: what rules it, how it ended (None while it is open), and who did it."""

    medium: Medium
    state: MediumState
    item: ReportItem | None
    report: ErasureReport | None
    disposal: Disposal | None

    @property
    def outcome(self) -> str | None:
        """Destruction outlives everything; an erasure says more than that the medium was taken out."""
        kind = self.disposal.kind if self.disposal else None
        if kind == "destroyed":
            return kind
        return "erased" if self.state.erased else kind

    @property
    def person(self) -> str | None:
        """Who erased or disposed of it; None for a station."""
        if self.outcome == "erased":
            return self.report.person if self.report else None
        return self.disposal.person if self.disposal else None


@dataclass(frozen=True, slots=True)
class Gate:
    """What acceptance looks at; `missing` is empty when a person with the role may accept."""

    media_policy: MediaPolicy
    required_level: str
    policy: Policy
    standings: tuple[MediumStanding, ...]
    declaration: Sanitization | None
    missing: tuple[str, ...]


def policy_of(session: Session, device: Device) -> Policy:
    """What the device's territory decided about erasure."""
    territory = session.get_one(Territory, device.territory_id)
    return Policy(accept_not_verified=territory.accepts_not_verified, two_persons=territory.two_persons)


def required_level(session: Session, device: Device) -> str:
    """The level that the device's donation demands; clear where none says."""
    donation = donation_of(session, device)
    return donation.required_erasure if donation else "clear"


def disposals_of(session: Session, medium_ids: Collection[UUID]) -> dict[UUID, Disposal]:
    """The disposal that counts now, by medium."""
    statement = select(Disposal).where(col(Disposal.medium_id).in_(medium_ids), col(Disposal.live))
    return {disposal.medium_id: disposal for disposal in session.exec(statement)}


def standings_of(session: Session, device: Device, *, required: str, policy: Policy) -> tuple[MediumStanding, ...]:
    """Where each medium of the device stands, oldest medium first."""
    media = media_of(session, [device.id])[device.id]
    ids = [medium.id for medium in media]
    disposals = disposals_of(session, ids)
    statement = (
        select(ReportItem, ErasureReport)
        .join(ErasureReport, col(ErasureReport.id) == col(ReportItem.report_id))
        .where(col(ReportItem.medium_id).in_(ids))
        .order_by(col(ErasureReport.received_at), col(ReportItem.index))
    )
    found: dict[UUID, list[tuple[ReportItem, ErasureReport]]] = {medium_id: [] for medium_id in ids}
    for item, report in session.exec(statement):
        if item.medium_id is not None:
            found[item.medium_id].append((item, report))
    current = {medium_id: one for medium_id, one in disposals.items() if not _is_outdated(one, device)}
    return tuple(
        _standing(device, medium, found[medium.id], current.get(medium.id), required, policy) for medium in media
    )


def _is_outdated(disposal: Disposal, device: Device) -> bool:
    """Whether an absence was seen before the device last came into custody: it may have been filled since."""
    return disposal.kind == "absent" and device.custody_since is not None and disposal.at < device.custody_since


def _standing(
    device: Device,
    medium: Medium,
    found: list[tuple[ReportItem, ErasureReport]],
    disposal: Disposal | None,
    required: str,
    policy: Policy,
) -> MediumStanding:
    state = judge_medium(
        [_judged(item) for item, _ in found],
        device.custody_since,
        required,
        policy,
        kind=medium.kind,
        now=clock.now(),
        received=[report.received_at for _, report in found],
    )
    item, report = found[state.ruling] if state.ruling is not None else (None, None)
    if item is not None and _end(item) != item.ended_at:
        missing = zone_or_custody(state.missing, item.ended_at, device.custody_since)
        state = MediumState(erased=state.erased, missing=missing, ruling=state.ruling, level=state.level)
    if item is not None and SERIAL_DIFFERS in item.match_reasons:
        state = MediumState(
            erased=False, missing=(*state.missing, SERIAL_DIFFERS), ruling=state.ruling, level=state.level
        )
    return MediumStanding(medium, state, item, report, disposal)


def _end(item: ReportItem) -> datetime | None:
    """When the wipe ended, for the gate: of several readings of a naive clock the earliest, until somebody confirms.

    A fail keeps the later one, so that no choice of a zone lets an earlier pass outlive it.
    """
    doubtful = item.earliest_end_at is not None and item.time_confirmed_by is None and item.verdict != "fail"
    return item.earliest_end_at if doubtful else item.ended_at


def _judged(item: ReportItem) -> Judged:
    contradicted = SERIAL_DIFFERS in item.match_reasons and item.verdict == "pass"
    return Judged(
        verdict="unknown" if contradicted else item.verdict,
        method=item.method,
        tool=item.tool,
        tool_version=item.tool_version,
        kind=item.kind,
        verification=item.verification,
        ended_at=_end(item),
        reasons=(*item.reasons, SERIAL_DIFFERS) if contradicted else tuple(item.reasons),
    )


def declaration_of(session: Session, device: Device) -> Sanitization | None:
    """The latest word that this device holds no medium, said since it last came into custody."""
    statement = select(Sanitization).where(Sanitization.device_id == device.id, Sanitization.decision == NO_MEDIUM)
    if device.custody_since is not None:
        statement = statement.where(col(Sanitization.at) >= device.custody_since)
    return session.exec(statement.order_by(col(Sanitization.id).desc())).first()


def live_sanitization(session: Session, device_id: UUID) -> Sanitization | None:
    """The accepted sanitization that stands now."""
    return session.exec(select(Sanitization).where(Sanitization.device_id == device_id, col(Sanitization.live))).first()


def is_met(session: Session, device: Device, milestone: Milestone) -> bool:
    """Whether the milestone is met now."""
    return session.get(MilestoneRow, (device.id, milestone.value)) is not None


def gate_of(session: Session, device: Device, *, acceptor: str) -> Gate:
    """What is missing before `acceptor` may accept the device's sanitization; everything is judged afresh."""
    required, policy = required_level(session, device), policy_of(session, device)
    standings = standings_of(session, device, required=required, policy=policy)
    has_media = media_policy(device.category, has_media=bool(standings))
    if has_media is MediaPolicy.never:
        return Gate(has_media, required, policy, (), None, ())
    declaration = None if standings else declaration_of(session, device)
    missing = [] if is_met(session, device, Milestone.captured) else [Milestone.captured.value]
    judged = [Standing(one.state, one.disposal.kind if one.disposal else None) for one in standings]
    missing += sanitization_missing(judged, media_required=declaration is None)
    if policy.two_persons:
        workers = [one.person for one in standings if one.outcome in {"erased", "destroyed", "absent"}]
        workers += [declaration.person] if declaration else []
        is_alone = any(worker is None or same_person(worker, acceptor) for worker in workers)
        missing += ["two_persons"] if is_alone else []
    return Gate(has_media, required, policy, standings, declaration, tuple(missing))
