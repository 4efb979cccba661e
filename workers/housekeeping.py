from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from reuse import clock
from reuse.devices.actions.awaiting import tell_all_who_wait
from reuse.handovers.actions.households import forget_households
from reuse.history.rules import SYSTEM
from reuse.idempotency import forget_answers
from reuse.invariants import Watch, watch
from reuse.jobs.actions import enqueue
from reuse.jobs.queries import last_result
from reuse.reservations.actions.lines import expire_holds
from reuse.scans.actions.forget import forget_scans
from workers.task import Work, task

log = structlog.get_logger()
REMEMBERED = timedelta(days=90)
"""How long a scan's id and a kept answer are remembered (spec/reliability.md, Idempotency)."""
PORTION = 2_000
"""Devices, certificates, documents and chains that an hour looks at again: 48,000 of each a day."""
MOST_TOUCHED = 20_000
"""Of what has changed, an hour looks at so much at the most; the portions come to the rest."""
LATE = timedelta(minutes=5)
"""A transaction may be committed so long after its ids were made."""


@task("upkeep.hourly")
def keep_house(work: Work) -> None:
    """End what is over, forget what need not be remembered, find what waits, and watch over the invariants.

    The day's first upkeep orders the day's sweep of personal data.
    """
    began = clock.now()
    seen = work.read(lambda session: _watch(session, work))
    if seen.found:
        log.critical("invariants_broken", broken=seen.found)
    where = {"looked_at": began, "places": seen.places}
    work.finish(lambda session: {**_tidy(session), "broken": seen.found, **where})


def _watch(session: Session, work: Work) -> Watch:
    """Go on where the last upkeep stopped, as its result says."""
    last = last_result(session, "upkeep.hourly") or {}
    looked_at = datetime.fromisoformat(last["looked_at"]) if "looked_at" in last else clock.now()
    since = clock.first_id_at(looked_at - LATE)
    places = last.get("places", {})
    return watch(session, work.house.files, since=since, places=places, portion=PORTION, most_touched=MOST_TOUCHED)


def _tidy(session: Session) -> dict[str, int]:
    today = f"{clock.now():%Y-%m-%d}"
    enqueue(session, "privacy.sweep", actor=SYSTEM, payload={"day": today}, deduplicate=f"privacy.sweep:{today}")
    before = clock.now() - REMEMBERED
    return {
        "captures_looked_at": tell_all_who_wait(session),
        "holds_ended": expire_holds(session),
        "answers_forgotten": forget_answers(session, before=before),
        "scans_forgotten": forget_scans(session, before=before),
        "households_forgotten": forget_households(session),
    }
