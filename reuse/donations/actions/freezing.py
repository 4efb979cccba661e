"""What is in a container when it changes hands, written down once, so that both sides can say it was that."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.donations.actions.containers import change_container
from reuse.donations.models import Collection, Container, ContainerFreeze
from reuse.donations.queries import devices_in, freezes_by_id, told_devices, tree_of
from reuse.donations.rules import Because, frozen_content
from reuse.history.actions import Happening, record_all
from reuse.history.rules import Actor

SAID = {"code", "kind", "seal", "content"}


def freeze_trees(
    session: Session, actor: Actor, roots: Sequence[Container], *, because: Because, at: datetime
) -> list[list[Container]]:
    """Freeze the content of containers and of all that stands in them, and return them level by level.

    What is frozen already stays as it was frozen. Each content holds the hashes of what stands in it, so that those of
    the roots cover everything.
    """
    levels = tree_of(session, roots, locked=True)
    every = [container for level in levels for container in level]
    devices = devices_in(session, [container.id for container in every])
    known = freezes_by_id(session, [container.freeze_id for container in every if container.freeze_id])
    hashes = {freeze.container_id: freeze.sha256 for freeze in known.values()}
    happened: list[Happening] = []
    for level in reversed(levels):
        for container in level:
            if container.freeze_id is not None:
                continue
            facts = {"container_id": str(container.id), **container.model_dump(include=SAID)}
            parts = [
                {"container_id": str(one.id), "code": one.code, "seal": one.seal, "sha256": hashes[one.id]}
                for one in every
                if one.parent_id == container.id
            ]
            content, sha256 = frozen_content(facts, told_devices(session, devices[container.id]), parts)
            _enter(session, container, because, content, sha256, at)
            hashes[container.id] = sha256
            what = {"sha256": sha256, "devices": len(content["devices"]), "because": because}
            happened.append(Happening("container", container.id, "frozen", data=what, at=at))
    record_all(session, actor, happened)
    return levels


def _enter(
    session: Session, container: Container, because: Because, content: dict[str, object], sha256: str, at: datetime
) -> None:
    freeze = ContainerFreeze(
        id=clock.new_id(), container_id=container.id, because=because, content=content, sha256=sha256, at=at
    )
    session.add(freeze)
    change_container(session, container, freeze_id=freeze.id)


def hand_on(
    session: Session, actor: Actor, containers: Sequence[Container], *, holder_id: UUID, verb: str, at: datetime
) -> None:
    """Containers go into another organisation's hands, all in one statement; each with its record."""
    going = [container for container in containers if container.holder_id != holder_id]
    if not going:
        return
    session.flush()
    session.exec(
        update(Container)
        .where(col(Container.id).in_([container.id for container in going]))
        .values(holder_id=holder_id, version=Container.version + 1)
        .execution_options(synchronize_session=False)
    )
    for container in going:
        session.expire(container)
    what = {"holder_id": holder_id}
    record_all(session, actor, [Happening("container", one.id, verb, data=what, at=at) for one in going])


def unload_containers(session: Session, actor: Actor, collection: Collection, at: datetime) -> None:
    """What a collection brought stands at its workshop, as it was frozen: whoever unpacks it opens it first."""
    roots = session.exec(select(Container).where(Container.collection_id == collection.id)).all()
    every = [container for level in tree_of(session, roots) for container in level]
    hand_on(session, actor, every, holder_id=collection.workshop_id, verb="received", at=at)
