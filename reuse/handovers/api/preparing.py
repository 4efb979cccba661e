from datetime import datetime
from uuid import UUID

from litestar.params import FromPath
from sqlmodel import Session

from reuse.handovers.actions.preparing import order_preparation_list
from reuse.handovers.api.shapes import AccessoryShape
from reuse.handovers.queries.preparing import Preparation, preparation_of
from reuse.handovers.rules.picking import serial_end
from reuse.house import House
from reuse.people.rules import Caller
from reuse.web import Answer, Shape, door, job_accepted


class PickShape(Shape):
    """A device to lay out, what goes along with it, and whether it is laid out already."""

    device_id: UUID
    code: str | None
    location: str | None
    category: str
    designation: str
    serial_end: str
    grade: str | None
    bundle_id: UUID | None
    accessories: list[AccessoryShape]
    picked_at: datetime | None
    picked_by: str | None


class PreparationShape(Shape):
    """What your workshop lays out for a reservation, in the order in which it is fetched; `unplaced` comes last."""

    reservation_id: UUID
    number: str
    network_id: UUID
    devices: int
    picked: int
    unplaced: list[UUID]
    lines: list[PickShape]


def _shape(preparation: Preparation) -> PreparationShape:
    reservation, picks = preparation.reservation, preparation.picks
    return PreparationShape(
        reservation_id=reservation.id,
        number=reservation.number,
        network_id=reservation.network_id,
        devices=len(picks),
        picked=sum(pick.line.picked_at is not None for pick in picks),
        unplaced=[pick.device.id for pick in picks if pick.device.location is None],
        lines=[
            PickShape(
                device_id=pick.device.id,
                code=pick.code or None,
                designation=" ".join(part for part in (pick.device.manufacturer, pick.device.model) if part),
                serial_end=serial_end(pick.serial),
                accessories=[AccessoryShape(kind=kind, quantity=n) for kind, n in pick.accessories.items()],
                picked_at=pick.line.picked_at,
                picked_by=pick.line.picked_by,
                **pick.device.model_dump(include={"location", "category", "grade", "bundle_id"}),
            )
            for pick in picks
        ],
    )


@door("POST", "/v1/reservations/{reservation_id:uuid}/preparation", status=202, tags=["handovers"])
def print_preparation_list(session: Session, caller: Caller, house: House, reservation_id: FromPath[UUID]) -> Answer:
    """Have the preparation list of your workshop's devices printed; the job's result is `{"document_id": …}`."""
    preparation = preparation_of(session, caller, reservation_id)
    return job_accepted(order_preparation_list(session, caller, preparation, public_url=house.public_url))


@door("GET", "/v1/reservations/{reservation_id:uuid}/preparation", tags=["handovers"])
def show_preparation(session: Session, caller: Caller, reservation_id: FromPath[UUID]) -> PreparationShape:
    """What your workshop lays out for a reservation, and what of it is laid out already."""
    return _shape(preparation_of(session, caller, reservation_id))


doors = [print_preparation_list, show_preparation]
