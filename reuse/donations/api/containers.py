from collections.abc import Sequence
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.devices.models import Device
from reuse.devices.rules import normal_code
from reuse.donations.actions.containers import (
    NewContainer,
    describe_container,
    in_hand,
    make_container,
    open_container,
    stand_in,
)
from reuse.donations.actions.packing import put_in, take_out
from reuse.donations.api.shapes.containers import (
    ContainedShape,
    ContainerChange,
    ContainerIn,
    ContainerOut,
    FreezeShape,
    FrozenShape,
    NamedDevices,
    OpeningIn,
    PartShape,
    RemovedDevices,
)
from reuse.donations.models import Container, ContainerDevice, ContainerFreeze
from reuse.donations.queries import (
    container_for,
    devices_counted,
    freezes_by_id,
    parts_of,
    told_devices,
    visible_containers,
)
from reuse.people.rules import Caller
from reuse.web import Page, door, page_of

PLAIN = set(ContainerOut.model_fields) - {"devices", "containers", "freeze"}


def container_shapes(session: Session, containers: Sequence[Container]) -> list[ContainerOut]:
    """Containers as they are shown, in three questions however many they are."""
    session.flush()
    ids = [container.id for container in containers]
    counts, parts = devices_counted(session, ids), parts_of(session, ids)
    freezes = freezes_by_id(session, [one.freeze_id for one in containers if one.freeze_id])
    shapes: list[ContainerOut] = []
    for container in containers:
        freeze = freezes.get(container.freeze_id) if container.freeze_id else None
        shape = ContainerOut(
            **container.model_dump(include=PLAIN),
            devices=counts[container.id],
            containers=[PartShape(id=part.id, code=part.code, kind=part.kind) for part in parts[container.id]],
            freeze=FrozenShape(**freeze.model_dump(include=set(FrozenShape.model_fields))) if freeze else None,
        )
        shapes.append(shape)
    return shapes


def _shape(session: Session, container: Container) -> ContainerOut:
    return container_shapes(session, [container])[0]


@door("POST", "/v1/containers", status=201)
def create_container(session: Session, caller: Caller, data: JSONBody[ContainerIn]) -> ContainerOut:
    """Open an empty pallet, crate, cage or box, perhaps for a donation or a collection, perhaps in another one."""
    return _shape(session, make_container(session, caller, NewContainer(**dict(data))))


@door("GET", "/v1/containers")
def list_containers(
    session: Session,
    caller: Caller,
    code: FromQuery[str | None] = None,
    collection_id: FromQuery[UUID | None] = None,
    donation_id: FromQuery[UUID | None] = None,
    holder_id: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[ContainerOut]:
    """The containers that the caller may know of, in the order of their making; `code` in any writing."""
    statement = select(Container).where(visible_containers(caller))
    if code is not None:
        statement = statement.where(col(Container.live_code) == normal_code(code))
    for column, value in (
        (Container.collection_id, collection_id),
        (Container.donation_id, donation_id),
        (Container.holder_id, holder_id),
    ):
        if value is not None:
            statement = statement.where(col(column) == value)
    cut = cut_page(session, statement, col(Container.id), limit=limit, cursor=cursor)
    return Page(items=container_shapes(session, cut.rows), next_cursor=cut.next_cursor)


@door("GET", "/v1/containers/{container_id:uuid}")
def show_container(session: Session, caller: Caller, container_id: FromPath[UUID]) -> ContainerOut:
    """One container."""
    return _shape(session, container_for(session, caller, container_id))


@door("PATCH", "/v1/containers/{container_id:uuid}")
def change_container_by_hand(
    session: Session,
    caller: Caller,
    if_match: int | None,
    container_id: FromPath[UUID],
    data: JSONBody[ContainerChange],
) -> ContainerOut:
    """Correct a container's kind, seal or content, or put it into another one; what is not sent stays."""
    container = in_hand(session, caller, container_id, if_match)
    said = data.model_dump(exclude_unset=True)
    if "parent_id" in said:
        stand_in(session, caller, container, said.pop("parent_id"))
    if said:
        describe_container(session, caller, container, **said)
    return _shape(session, container)


@door("GET", "/v1/containers/{container_id:uuid}/contents")
def list_contents(
    session: Session,
    caller: Caller,
    container_id: FromPath[UUID],
    limit: FromQuery[int] = 200,
    cursor: FromQuery[str | None] = None,
) -> Page[ContainedShape]:
    """The devices that lie directly in a container; what stands in it is asked by itself."""
    container = container_for(session, caller, container_id)
    lying = select(ContainerDevice.device_id).where(ContainerDevice.container_id == container.id)
    statement = select(Device).where(col(Device.id).in_(lying))
    cut = cut_page(session, statement, col(Device.id), limit=limit, cursor=cursor)
    items = [ContainedShape.model_validate(told) for told in told_devices(session, cut.rows)]
    return Page(items=items, next_cursor=cut.next_cursor)


@door("POST", "/v1/containers/{container_id:uuid}/contents", status=200)
def put_devices_in(
    session: Session, caller: Caller, if_match: int | None, container_id: FromPath[UUID], data: JSONBody[NamedDevices]
) -> ContainerOut:
    """Put devices into a container, by id or any code; all of them or none."""
    container = in_hand(session, caller, container_id, if_match)
    return _shape(session, put_in(session, caller, container, data.devices))


@door("POST", "/v1/containers/{container_id:uuid}/removals", status=200)
def take_devices_out(
    session: Session, caller: Caller, if_match: int | None, container_id: FromPath[UUID], data: JSONBody[RemovedDevices]
) -> ContainerOut:
    """Take devices out of a container, by id or any code; without a list all of them."""
    container = in_hand(session, caller, container_id, if_match)
    return _shape(session, take_out(session, caller, container, data.devices))


@door("POST", "/v1/containers/{container_id:uuid}/opening", status=200)
def open_by_hand(
    session: Session, caller: Caller, if_match: int | None, container_id: FromPath[UUID], data: JSONBody[OpeningIn]
) -> ContainerOut:
    """Open a container that had changed hands: its content may change again, and the opening is recorded."""
    container = in_hand(session, caller, container_id, if_match)
    return _shape(session, open_container(session, caller, container, **dict(data)))


@door("GET", "/v1/containers/{container_id:uuid}/freezes")
def list_freezes(
    session: Session,
    caller: Caller,
    container_id: FromPath[UUID],
    limit: FromQuery[int] = 20,
    cursor: FromQuery[str | None] = None,
) -> Page[FreezeShape]:
    """What was in a container each time it changed hands, oldest first, and what each opening found."""
    container = container_for(session, caller, container_id)
    statement = select(ContainerFreeze).where(ContainerFreeze.container_id == container.id)
    cut = cut_page(session, statement, col(ContainerFreeze.id), limit=limit, cursor=cursor)
    known = set(FreezeShape.model_fields)
    return page_of(cut, lambda freeze: FreezeShape.model_validate(freeze.model_dump(include=known)))


doors = [
    create_container,
    list_containers,
    show_container,
    change_container_by_hand,
    list_contents,
    put_devices_in,
    take_devices_out,
    open_by_hand,
    list_freezes,
]
