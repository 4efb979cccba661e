from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.devices.rules import normal_code
from reuse.documents.actions import next_number
from reuse.donations.models import Collection, Container, ContainerFreeze
from reuse.donations.queries import (
    ancestors_of,
    collection_for,
    container_for,
    donation_for,
    offered_things,
    parts_of,
    tree_of,
)
from reuse.donations.rules import DEEPEST, MOST_PARTS, CollectionStatus
from reuse.errors import Conflict, Fault, Invalid, NotAllowed, Stale
from reuse.history.actions import record
from reuse.people.rules import Caller, Role, require_role

HANDS = (Role.donor, Role.carrier, Role.technician, Role.lead, Role.network)


@dataclass(frozen=True, slots=True)
class NewContainer:
    """A container as somebody says that it is; without a code it gets one of its organisation's series."""

    kind: str
    code: str | None = None
    seal: str | None = None
    content: str | None = None
    parent_id: UUID | None = None
    donation_id: UUID | None = None
    collection_id: UUID | None = None


def make_container(session: Session, caller: Caller, new: NewContainer) -> Container:
    """Open an empty container in the caller's hands, perhaps for a donation or a collection, perhaps in another one.

    Conflict for a code that another container of the organisation has, or for a collection that has been picked up.
    """
    require_role(caller, *HANDS)
    if new.collection_id is not None:
        _check_loads(caller, collection_for(session, caller, new.collection_id))
    if new.donation_id is not None:
        donation_for(session, caller, new.donation_id)
    code = new.code or _next_code(session, caller.organisation_id)
    container = Container(
        id=clock.new_id(),
        organisation_id=caller.organisation_id,
        holder_id=caller.organisation_id,
        territory_id=caller.territory_id,
        collection_id=new.collection_id,
        donation_id=new.donation_id,
        kind=new.kind,
        code=code,
        live_code=free_code(session, caller.organisation_id, code),
        seal=new.seal,
        content=new.content,
        created_at=clock.now(),
    )
    session.add(container)
    session.flush()
    what = {"code": code, "kind": new.kind, "collection_id": new.collection_id, "donation_id": new.donation_id}
    record(session, caller.actor, thing="container", thing_id=container.id, verb="made", data=what)
    if new.parent_id is not None:
        stand_in(session, caller, container, new.parent_id)
    return container


def _next_code(session: Session, organisation_id: UUID) -> str:
    """The next code of the organisation's series that nobody chose by hand before."""
    while True:
        code = next_number(session, organisation_id=organisation_id, prefix="CT")
        if not is_taken(session, organisation_id, normal_code(code)):
            return code


def is_taken(session: Session, organisation_id: UUID, normal: str) -> bool:
    """Whether a container of the organisation has this code."""
    taken = select(Container.id).where(Container.organisation_id == organisation_id, Container.live_code == normal)
    return session.exec(taken).first() is not None


def _check_loads(caller: Caller, collection: Collection) -> None:
    if caller.organisation_id not in {collection.workshop_id, collection.carrier_id}:
        raise NotAllowed("Containers of a collection are loaded by its carrier or its workshop.", code="not_yours")
    if collection.status != CollectionStatus.PLANNED:
        sentence = f"This collection is {collection.status}; what is loaded later needs a collection of its own."
        raise Conflict(sentence, code="move_not_allowed")


def free_code(session: Session, organisation_id: UUID, code: str) -> str:
    """The code as it is looked for, if no other container of the organisation has it; Conflict or Invalid otherwise."""
    normal = normal_code(code)
    if not normal:
        sentence = "A container's code needs a letter or a digit."
        raise Invalid(sentence, code="empty_code", errors=(Fault("/code", "empty_code", sentence),))
    if is_taken(session, organisation_id, normal):
        sentence = f"Another container of yours has the code {code}; use that one, or choose another code."
        raise Conflict(
            sentence, code="container_code_taken", errors=(Fault("/code", "container_code_taken", sentence),)
        )
    return normal


def in_hand(session: Session, caller: Caller, container_id: UUID, version: int | None = None) -> Container:
    """The container, if the caller's organisation has it in its hands; NotAllowed where another one has."""
    require_role(caller, *HANDS)
    container = container_for(session, caller, container_id)
    if container.holder_id != caller.organisation_id:
        sentence = (
            f"Container {container.code} is in another organisation's hands; they pack it, open it or hand it on."
        )
        raise NotAllowed(sentence, code="not_yours")
    if version is not None and version != container.version:
        raise Stale(
            f"This container has changed: you saw version {version}, it is now {container.version}. Look again."
        )
    return container


def check_open(container: Container) -> None:
    """Conflict where the content is frozen, with what to do."""
    if container.freeze_id is not None:
        raise Conflict(
            f"The content of container {container.code} was frozen when it changed hands. To change it, open it first: "
            f"POST /v1/containers/{container.id}/opening with the reason and whether its seal was intact.",
            code="container_frozen",
        )


def change_container(session: Session, container: Container, **changes: Any) -> Container:  # noqa: ANN401  # columns
    """Set columns of a container, raising its version; Conflict where somebody else came first."""
    session.flush()
    done = session.exec(
        update(Container)
        .where(col(Container.id) == container.id, col(Container.version) == container.version)
        .values(version=container.version + 1, **changes)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict("Somebody changed this container at the same moment; look at it again.", code="moved_meanwhile")
    session.refresh(container)
    return container


def describe_container(session: Session, caller: Caller, container: Container, **changes: Any) -> Container:  # noqa: ANN401  # columns
    """Change what is said of a container (seal, content, kind); Conflict while its content is frozen."""
    check_open(container)
    change_container(session, container, **changes)
    record(session, caller.actor, thing="container", thing_id=container.id, verb="described", data=changes)
    return container


def stand_in(session: Session, caller: Caller, container: Container, parent_id: UUID | None) -> Container:
    """Put a container in another, or out of the one that it stands in; it travels with what it stands in.

    Conflict where either container that it leaves or enters is frozen, where it would stand in itself, too deep, or
    with another collection. What it stands in, up to the top, takes a new version: two that are put into each other at
    the same moment meet there.
    """
    parent = in_hand(session, caller, parent_id) if parent_id is not None else None
    if offered_things(session, [container.id]):
        raise Conflict("This container is offered in a transfer; withdraw that first.", code="in_transfer")
    if container.parent_id is not None:
        left = session.get_one(Container, container.parent_id)
        check_open(left)
        change_container(session, left)
    changes: dict[str, Any] = {"parent_id": parent_id}
    if parent is not None:
        _check_place(session, container, parent)
        for above in (parent, *ancestors_of(session, parent)):
            check_open(above)
            change_container(session, above)
        changes["collection_id"] = container.collection_id or parent.collection_id
    change_container(session, container, **changes)
    record(session, caller.actor, thing="container", thing_id=container.id, verb="stood", data={"parent_id": parent_id})
    return container


def _check_place(session: Session, container: Container, parent: Container) -> None:
    above = [parent, *ancestors_of(session, parent)]
    if container.id in {one.id for one in above}:
        raise Conflict(f"{container.code} would stand in itself.", code="container_cycle")
    below = len(tree_of(session, [container]))
    if len(above) + below > DEEPEST:
        raise Conflict(f"At most {DEEPEST} containers stand in each other; put it beside.", code="containers_too_deep")
    if len(parts_of(session, [parent.id])[parent.id]) >= MOST_PARTS:
        raise Conflict(f"{parent.code} holds {MOST_PARTS} containers already; take another one.", code="container_full")
    if parent.collection_id and container.collection_id not in {None, parent.collection_id}:
        raise Conflict(f"{parent.code} travels with another collection.", code="other_collection")


def open_container(
    session: Session, caller: Caller, container: Container, *, reason: str, seal_intact: bool
) -> Container:
    """End the freeze of a container's content, saying why and whether its seal was whole; the seal is then gone.

    Conflict where nothing is frozen, where what it stands in is, or while it is offered to somebody.
    """
    if container.freeze_id is None:
        raise Conflict(
            f"The content of container {container.code} is not frozen; change it as it is.", code="not_frozen"
        )
    for above in ancestors_of(session, container):
        check_open(above)
    if number := offered_things(session, [container.id]).get(container.id):
        sentence = f"Container {container.code} is offered in transfer {number}; withdraw that first."
        raise Conflict(sentence, code="in_transfer")
    freeze = session.get_one(ContainerFreeze, container.freeze_id)
    change_container(session, container, freeze_id=None, seal=None)
    freeze.opened_at, freeze.opened_by_id = clock.now(), caller.organisation_id
    freeze.reason, freeze.seal_intact = reason, seal_intact
    session.add(freeze)
    what = {"reason": reason, "seal_intact": seal_intact, "sha256": freeze.sha256}
    record(session, caller.actor, thing="container", thing_id=container.id, verb="opened", data=what)
    return container
