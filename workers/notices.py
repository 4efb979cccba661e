from uuid import UUID

from reuse.reservations.actions.lines import release_device
from workers.task import Work, task


@task("reservations.release")
def release_reserved_device(work: Work) -> None:
    """Free the reservation of a device that lost its readiness, and tell its network."""
    device_id = UUID(str(work.payload["device_id"]))
    work.finish(lambda session: {"released": release_device(session, device_id)})
