from uuid import UUID

from reuse.reservations.actions.lines import release_device
from reuse.reservations.actions.offers import offer_devices, offer_to_waiting
from workers.task import Work, task


@task("reservations.release")
def release_reserved_device(work: Work) -> None:
    """Free the reservation of a device that lost its readiness, and tell its network."""
    device_id = UUID(str(work.payload["device_id"]))
    work.finish(lambda session: {"released": release_device(session, device_id)})


@task("reservations.offer")
def offer_to_needs(work: Work) -> None:
    """Offer what has just been listed, or what a need that is new finds there, to who waits first."""
    names = work.payload
    territory_id = UUID(str(names["territory_id"]))
    if "need_id" in names:
        need_id = UUID(str(names["need_id"]))
        work.finish(lambda session: {"offered": offer_to_waiting(session, territory_id, need_id)})
    else:
        device_ids = [UUID(one) for one in names["device_ids"]]
        work.finish(lambda session: {"offered": offer_devices(session, territory_id, device_ids)})
