from uuid import UUID

from reuse.workshop.actions.arriving import look_again
from workers.task import Work, task


@task("captures.match")
def match_waiting_capture(work: Work) -> None:
    """Look again whether a waiting capture names a device that is there by now."""
    capture_id = UUID(str(work.payload["capture_id"]))
    work.finish(lambda session: {"device_id": look_again(session, capture_id)})
