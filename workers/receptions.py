from uuid import UUID

from reuse.donations.actions.versions import renew_after_list
from workers.task import Work, task


@task("receptions.renew")
def renew_reception(work: Work) -> None:
    """Draw a reception's count up anew, because the donor's list has come after it."""
    import_id = UUID(work.payload["import_id"])
    work.finish(lambda session: renew_after_list(session, import_id))
