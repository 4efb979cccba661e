from collections.abc import Collection
from datetime import UTC, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, select

from reuse import clock
from reuse.devices.models import Device, MilestoneRow
from reuse.devices.rules import Status
from reuse.lookup import the_one
from reuse.people.models import Territory
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller
from reuse.reservations.models import Need, Quota, Reservation, ReservationLine
from reuse.reservations.rules import Allowance, Period, ReservationStatus, Waiting, first_day, has_expired


def visible_needs(caller: Caller) -> ColumnElement[bool]:
    """A network sees its own needs, a territory all of its networks'."""
    return sight(
        caller,
        {
            Activity.network: col(Need.network_id) == caller.organisation_id,
            Activity.territory: col(Need.territory_id) == caller.territory_id,
        },
    )


def visible_reservations(caller: Caller) -> ColumnElement[bool]:
    """A network sees its own reservations, a workshop those of its devices, a territory all of its networks'."""
    me = caller.organisation_id
    of_its_devices = select(ReservationLine.reservation_id).where(ReservationLine.workshop_id == me)
    return sight(
        caller,
        {
            Activity.network: col(Reservation.network_id) == me,
            Activity.workshop: col(Reservation.id).in_(of_its_devices),
            Activity.territory: col(Reservation.territory_id) == caller.territory_id,
        },
    )


def reservation_for(session: Session, caller: Caller, reservation_id: UUID) -> Reservation:
    """The reservation, if the caller may know of it; NotFound otherwise."""
    return the_one(session, Reservation, reservation_id, visible_reservations(caller), "reservation")


def lines_of(session: Session, reservation_ids: Collection[UUID]) -> dict[UUID, list[ReservationLine]]:
    """Lines by reservation, in the order in which they were reserved."""
    found: dict[UUID, list[ReservationLine]] = {reservation_id: [] for reservation_id in reservation_ids}
    statement = (
        select(ReservationLine)
        .where(col(ReservationLine.reservation_id).in_(reservation_ids))
        .order_by(col(ReservationLine.id))
    )
    for line in session.exec(statement):
        found[line.reservation_id].append(line)
    return found


def live_lines(session: Session, device_ids: Collection[UUID]) -> dict[UUID, ReservationLine]:
    """The live line of each device that has one."""
    statement = select(ReservationLine).where(col(ReservationLine.live), col(ReservationLine.device_id).in_(device_ids))
    return {line.device_id: line for line in session.exec(statement)}


def expired_hold(now: datetime) -> ColumnElement[bool]:
    """A hold whose term is over, whether or not the sweep has passed."""
    return and_(col(Reservation.status) == ReservationStatus.HELD, col(Reservation.expires_at) <= now)


def stands(status: ReservationStatus, now: datetime) -> ColumnElement[bool]:
    """The reservations that stand so by the clock (status_now says it of one)."""
    over = expired_hold(now)
    if status is ReservationStatus.EXPIRED:
        return or_(col(Reservation.status) == status, over)
    return and_(col(Reservation.status) == status, ~over)


def kept(now: datetime) -> ColumnElement[bool]:
    """Lines, joined to their reservation, whose device is with the network or kept for it by the clock."""
    is_out = col(ReservationLine.state) == ReservationStatus.HANDED_OVER
    return or_(is_out, and_(col(ReservationLine.live), ~expired_hold(now)))


def status_now(reservation: Reservation, now: datetime) -> ReservationStatus:
    """Where the reservation stands by the clock: a hold that is over is expired before anybody has written it down."""
    status = ReservationStatus(reservation.status)
    return ReservationStatus.EXPIRED if has_expired(status, reservation.expires_at, now) else status


def locked_devices(session: Session, device_ids: Collection[UUID]) -> list[Device]:
    """The devices as they are now, held against others; always in the same order, so that two never wait in a ring."""
    statement = (
        select(Device)
        .where(col(Device.id).in_(device_ids))
        .order_by(col(Device.listed_at), col(Device.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.exec(statement))


def locked_reservation(session: Session, reservation_id: UUID) -> Reservation:
    """The reservation as it is now, held against others; it is taken before its devices, always."""
    statement = select(Reservation).where(Reservation.id == reservation_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one()


def need_for(session: Session, caller: Caller, need_id: UUID) -> Need:
    """The need, if the caller may know of it; NotFound otherwise."""
    return the_one(session, Need, need_id, visible_needs(caller), "need")


def served(session: Session, need_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many devices each need has got or is promised by now; a hold that is over promises nothing."""
    statement = (
        select(ReservationLine.need_id, func.count())
        .join(Reservation, col(Reservation.id) == col(ReservationLine.reservation_id))
        .where(col(ReservationLine.need_id).in_(need_ids), kept(clock.now()))
        .group_by(col(ReservationLine.need_id))
    )
    return {need_id: count for need_id, count in session.exec(statement) if need_id is not None}


def open_needs(
    session: Session, territory: Territory, categories: Collection[str], *, network_id: UUID | None = None
) -> list[Need]:
    """Needs of these categories that are neither withdrawn nor past their day, oldest first, met ones included."""
    today = clock.now().astimezone(ZoneInfo(territory.timezone)).date()
    statement = (
        select(Need)
        .where(
            Need.territory_id == territory.id,
            col(Need.category).in_(categories),
            col(Need.withdrawn_at).is_(None),
            or_(col(Need.before).is_(None), col(Need.before) >= today),
        )
        .order_by(col(Need.created_at), col(Need.id))
    )
    return list(session.exec(statement if network_id is None else statement.where(Need.network_id == network_id)))


def waiting_of(session: Session, needs: Collection[Need]) -> list[Waiting]:
    """The needs as the waiting list counts them."""
    got = served(session, [need.id for need in needs])
    return [Waiting(str(need.id), need.created_at, need.quantity, got.get(need.id, 0)) for need in needs]


def visible_quotas(caller: Caller) -> ColumnElement[bool]:
    """A network sees the quotas that bind it, its territory all of them."""
    binds_it = or_(col(Quota.network_id).is_(None), col(Quota.network_id) == caller.organisation_id)
    here = col(Quota.territory_id) == caller.territory_id
    return sight(caller, {Activity.network: and_(here, binds_it), Activity.territory: here})


def allowances_of(session: Session, territory: Territory, network_id: UUID) -> list[Allowance]:
    """What each quota leaves to the network in the present period of its territory's calendar."""
    zone = ZoneInfo(territory.timezone)
    today = clock.now().astimezone(zone).date()
    quotas = session.exec(
        select(Quota)
        .where(
            Quota.territory_id == territory.id,
            or_(col(Quota.network_id).is_(None), col(Quota.network_id) == network_id),
        )
        .order_by(col(Quota.id))
    )
    found: list[Allowance] = []
    for quota in quotas:
        begins = datetime.combine(first_day(today, Period(quota.period)), time(), zone).astimezone(UTC)
        left = quota.most - _taken(session, network_id, begins, quota.category)
        rule = f"{quota.most} {quota.category or 'devices'} a {quota.period}"
        found.append(Allowance(quota.category, left, rule))
    return found


def _taken(session: Session, network_id: UUID, since: datetime, category: str | None) -> int:
    """Devices that the network has reserved since then, and still keeps or has taken home."""
    statement = (
        select(func.count())
        .select_from(ReservationLine)
        .join(Reservation, col(Reservation.id) == col(ReservationLine.reservation_id))
        .where(Reservation.network_id == network_id, col(Reservation.created_at) >= since, kept(clock.now()))
    )
    if category is not None:
        statement = statement.join(Device, col(Device.id) == col(ReservationLine.device_id))
        statement = statement.where(Device.category == category)
    return session.exec(statement).one()


def networks_that_let_go(session: Session, device_ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """Pairs of a device and a network that it was offered to already, in vain."""
    statement = (
        select(ReservationLine.device_id, Reservation.network_id)
        .join(Reservation, col(Reservation.id) == col(ReservationLine.reservation_id))
        .where(
            col(ReservationLine.device_id).in_(device_ids),
            col(Reservation.offered_for).is_not(None),
            col(ReservationLine.live).is_(False),
            col(ReservationLine.state).in_([ReservationStatus.CANCELLED, ReservationStatus.EXPIRED]),
        )
    )
    return set(session.exec(statement))


def flows(session: Session, territory_id: UUID, since: datetime, until: datetime) -> dict[str, dict[str, int]]:
    """By category, what a stretch of time brought: asked for in it and met of that by now, kept, handed over."""
    asked_then = and_(
        col(Need.territory_id) == territory_id,
        col(Need.withdrawn_at).is_(None),
        col(Need.created_at) >= since,
        col(Need.created_at) < until,
    )
    is_offer = and_(col(Reservation.offered_for).is_not(None), col(Reservation.status) == ReservationStatus.HELD)
    line_of_need = col(ReservationLine.need_id) == col(Need.id)
    of_line = col(Reservation.id) == col(ReservationLine.reservation_id)
    of_device = col(Device.id) == col(ReservationLine.device_id)
    made_then = and_(col(Reservation.created_at) >= since, col(Reservation.created_at) < until)
    left_then = and_(col(ReservationLine.ended_at) >= since, col(ReservationLine.ended_at) < until)
    lines = (
        select(Device.category, func.count())
        .select_from(ReservationLine)
        .join(Reservation, of_line)
        .join(Device, of_device)
        .where(Reservation.territory_id == territory_id)
        .group_by(Device.category)
    )
    still = and_(col(ReservationLine.live), ~expired_hold(clock.now()), made_then)
    met = select(Need.category, func.count()).join(ReservationLine, line_of_need).join(Reservation, of_line)
    counts = {
        "needed": select(Need.category, func.sum(Need.quantity)).where(asked_then).group_by(Need.category),
        "served": met.where(asked_then, kept(clock.now())).group_by(Need.category),
        "offered": lines.where(still, is_offer),
        "reserved": lines.where(still, ~is_offer),
        "handed_over": lines.where(col(ReservationLine.state) == ReservationStatus.HANDED_OVER, left_then),
    }
    found: dict[str, dict[str, int]] = {}
    for name, statement in counts.items():
        for category, count in session.exec(statement):
            found.setdefault(category, dict.fromkeys(counts, 0))[name] = int(count)
    return found


def stock(session: Session, territory_id: UUID) -> dict[str, dict[str, int]]:
    """By category, how many devices of the territory stand at each status before the hand-over, and have passed what.

    What is at the workshop is counted once more under each of its milestones, as `captured`, `tested` and so on.
    """
    here = and_(col(Device.territory_id) == territory_id, col(Device.merged_into_id).is_(None))
    at_work = and_(here, col(Device.status).in_([Status.received, Status.in_workshop]))
    stands_at = (
        select(Device.category, Device.status, func.count())
        .where(here, col(Device.status).in_([Status.received, Status.in_workshop, Status.ready, Status.listed]))
        .group_by(Device.category, Device.status)
    )
    passed = (
        select(Device.category, MilestoneRow.name, func.count())
        .join(MilestoneRow, col(MilestoneRow.device_id) == col(Device.id))
        .where(at_work)
        .group_by(Device.category, MilestoneRow.name)
    )
    found: dict[str, dict[str, int]] = {}
    for category, name, count in (*session.exec(stands_at), *session.exec(passed)):
        found.setdefault(category, {})[name] = count
    return found
