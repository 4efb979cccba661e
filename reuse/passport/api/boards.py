"""What a lead's board shows: queues by next step with their age, and how often work had to be done again."""

from collections import Counter, defaultdict
from datetime import datetime
from uuid import UUID

from litestar.params import FromPath, FromQuery
from sqlmodel import Session

from reuse import clock
from reuse.cursors import cut_list
from reuse.devices.api.inputs import AcceptLanguage
from reuse.devices.api.shapes import DeviceShape, device_shapes, language_for
from reuse.devices.rules import STEP_LANGUAGES, Step, step_titles
from reuse.errors import NotFound
from reuse.passport.queries.quality import Left, left_the_workshop
from reuse.passport.queries.queues import Waiting, devices_in_order, waiting_devices
from reuse.people.rules import Caller
from reuse.web import Page, Shape, door
from reuse.workshop.api.floor import Since, Until, instants_of
from reuse.workshop.queries import overseen_workshop

HOUR = 3600


class QueueShape(Shape):
    """The devices of which this is the next step; the oldest has waited so many whole hours."""

    step: str
    title: str
    devices: int
    oldest_since: datetime | None
    oldest_hours: int | None


class QueuesShape(Shape):
    """Every queue of a workshop in the order of the work, the empty ones too."""

    workshop_id: UUID
    devices: int
    queues: list[QueueShape]


class WaitingShape(Shape):
    """A device in a queue, and since when it waits."""

    since: datetime
    hours: int
    device: DeviceShape


class BasisShape(Shape):
    """The devices that left under one kind of agreement, and how many of them were found wanting."""

    legal_basis: str
    handed_over: int
    nonconforming: int
    rate: float | None


class NonconformingShape(Shape):
    """One device that was found wanting, and why."""

    device_id: UUID
    handover_line_id: UUID
    legal_basis: str
    returned: bool
    return_reason: str | None
    failed_again: bool


class QualityShape(Shape):
    """Non-conformity: devices returned, or failed again after their sign-off, over devices handed over.

    `devices` traces every one that counts against the workshop to its hand-over line.
    """

    workshop_id: UUID
    handed_over: int
    returned: int
    failed_again: int
    nonconforming: int
    rate: float | None
    return_reasons: dict[str, int]
    agreements: list[BasisShape]
    devices: list[NonconformingShape]


def _hours(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds() // HOUR))


@door("GET", "/v1/queues")
def list_queues(
    session: Session,
    caller: Caller,
    workshop_id: FromQuery[UUID | None] = None,
    accept_language: AcceptLanguage = None,
) -> QueuesShape:
    """How many devices wait for each step, and how long the oldest has; for the workshop and its territory."""
    workshop = overseen_workshop(session, caller, workshop_id)
    language = language_for(session, caller, accept_language, STEP_LANGUAGES)
    by_step: defaultdict[Step, list[Waiting]] = defaultdict(list)
    for one in waiting_devices(session, workshop):
        by_step[one.step].append(one)
    now = clock.now()
    queues = [_queue_shape(step, by_step[step], language, now) for step in Step]
    return QueuesShape(workshop_id=workshop, devices=sum(one.devices for one in queues), queues=queues)


def _queue_shape(step: Step, waiting: list[Waiting], language: str, now: datetime) -> QueueShape:
    oldest = waiting[0].since if waiting else None
    return QueueShape(
        step=step.value,
        title=step_titles()[step.value][language],
        devices=len(waiting),
        oldest_since=oldest,
        oldest_hours=None if oldest is None else _hours(oldest, now),
    )


@door("GET", "/v1/queues/{step:str}")
def show_queue(
    session: Session,
    caller: Caller,
    step: FromPath[str],
    workshop_id: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
    accept_language: AcceptLanguage = None,
) -> Page[WaitingShape]:
    """The devices that wait for a step, the longest waiting first."""
    if step not in set(Step):
        raise NotFound(f"There is no step {step}; the steps are {', '.join(Step)}.")
    workshop = overseen_workshop(session, caller, workshop_id)
    waiting = [one for one in waiting_devices(session, workshop) if one.step == step]
    cut = cut_list(waiting, limit=limit, cursor=cursor)
    devices = devices_in_order(session, [one.device_id for one in cut.rows])
    shapes = device_shapes(session, caller, devices, accept_language)
    now = clock.now()
    rows = zip(cut.rows, shapes, strict=True)
    items = [WaitingShape(since=one.since, hours=_hours(one.since, now), device=shape) for one, shape in rows]
    return Page(items=items, next_cursor=cut.next_cursor)


@door("GET", "/v1/quality")
def show_quality(
    session: Session,
    caller: Caller,
    workshop_id: FromQuery[UUID | None] = None,
    since: Since = None,
    until: Until = None,
) -> QualityShape:
    """The workshop's rate of non-conformity from the day `from` to the day `to`, in all and by agreement."""
    workshop = overseen_workshop(session, caller, workshop_id)
    start, end = instants_of(session, workshop, since, until)
    left = left_the_workshop(session, workshop, start=start, end=end)
    wanting = [one for one in left if not one.conforms]
    return QualityShape(
        workshop_id=workshop,
        handed_over=len(left),
        returned=sum(one.returned for one in left),
        failed_again=sum(one.failed_again for one in left),
        nonconforming=len(wanting),
        rate=_rate(len(wanting), len(left)),
        return_reasons=dict(Counter(one.return_reason for one in wanting if one.return_reason)),
        agreements=[_basis_shape(basis, left) for basis in sorted({one.legal_basis for one in left})],
        devices=[
            NonconformingShape(
                device_id=one.device_id,
                handover_line_id=one.line_id,
                legal_basis=one.legal_basis,
                returned=one.returned,
                return_reason=one.return_reason,
                failed_again=one.failed_again,
            )
            for one in wanting
        ],
    )


def _basis_shape(basis: str, left: list[Left]) -> BasisShape:
    own = [one for one in left if one.legal_basis == basis]
    wanting = sum(not one.conforms for one in own)
    return BasisShape(legal_basis=basis, handed_over=len(own), nonconforming=wanting, rate=_rate(wanting, len(own)))


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


doors = [list_queues, show_queue, show_quality]
