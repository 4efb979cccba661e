"""A donation's devices accepted together: each judged for itself, its certificates once, whatever dies on the way."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, col, select

import workers.batches as tasks
from benches import VM01, at_bench, is_sanitized, wiped_laptops
from donating import accepted
from makers import Town
from reuse import clock
from reuse.broker import attach
from reuse.documents.models import Document, NumberSeries
from reuse.history.models import HistoryRecord
from reuse.house import House
from reuse.jobs.models import Job
from reuse.jobs.rules import JobState
from reuse.people.rules import Activity, Caller, Role
from reuse.transactions import in_transaction, reading
from reuse.wiping.actions.batches import order_batch
from reuse.wiping.actions.offline import verify_certificate_file
from reuse.wiping.models import Certificate
from workers.presses import FEW, presses

FIVE = 5


class Killed(BaseException):
    """What kill -9 is to the code: nothing after it runs."""


def donation_of(town: Town) -> UUID:
    return UUID(accepted(town, required_erasure="clear")["id"])


def accept_all(town: Town, donation_id: UUID, **more: Any) -> dict[str, Any]:
    answer = town.data_security.post(f"/v1/donations/{donation_id}/sanitization", {"decision": "accepted", **more})
    job = town.data_security.done(answer, seconds=120)
    assert job["state"] == "succeeded", job
    return job


def everything_issued(house: House) -> tuple[list[str], int, int]:
    """Numbers of certificates that have their PDF, the last number given, and how many documents of them there are."""
    with reading(house.database) as session:
        numbers = sorted(one.number for one in session.exec(select(Certificate)) if one.document_id)
        series = session.exec(select(NumberSeries).where(NumberSeries.prefix == "CE")).one()
        papers = session.exec(select(Document).where(col(Document.kind) == "erasure_certificate")).all()
        return numbers, series.last, len(papers)


def once(count: int) -> tuple[list[str], int, int]:
    """What `everything_issued` says where each of so many media has one certificate."""
    return [f"CE-2026-{n:06d}" for n in range(1, count + 1)], count, count


def test_a_donation_is_certified_in_one_job_and_what_cannot_be_says_why(town: Town) -> None:
    donation_id = donation_of(town)
    ids = wiped_laptops(town, donation_id, 2)
    bare = at_bench(town, VM01, donation_id=donation_id, asset_tag=None)
    job = accept_all(town, donation_id)
    assert job["progress"] == {"done": 3, "total": 3}
    assert (job["result"]["accepted"], len(job["result"]["certificate_ids"])) == (2, 2)
    (refusal,) = job["result"]["refusals"]
    assert (refusal["device_id"], refusal["code"], refusal["missing"]) == (str(bare), "gate_closed", ["no_report"])
    assert all(is_sanitized(town.house, one) for one in ids)
    assert not is_sanitized(town.house, bare)
    for certificate_id in job["result"]["certificate_ids"]:
        pdf = town.data_security.get(f"/v1/certificates/{certificate_id}/pdf").content
        assert verify_certificate_file(pdf).holds


def test_many_pages_are_drawn_in_processes_of_their_own_and_are_the_same_to_the_byte(town: Town) -> None:
    """Drawn there, they are checked here: whatever differed between the processes would differ in the file."""
    donation_id = donation_of(town)
    wiped_laptops(town, donation_id, FEW + 1)
    job = accept_all(town, donation_id)
    assert job["progress"] == {"done": FEW + 1, "total": FEW + 1}
    assert everything_issued(town.house) == once(FEW + 1)
    pdf = town.data_security.get(f"/v1/certificates/{job['result']['certificate_ids'][-1]}/pdf").content
    check = verify_certificate_file(pdf)
    assert (check.holds, check.pages) == (True, "identical")


def test_accepting_the_donation_again_issues_only_what_is_missing(town: Town) -> None:
    donation_id = donation_of(town)
    wiped_laptops(town, donation_id, 2)
    first = accept_all(town, donation_id)["result"]
    assert accept_all(town, donation_id)["result"] == first
    with reading(town.house.database) as session:
        said = session.exec(select(HistoryRecord).where(HistoryRecord.verb == "sanitization_accepted")).all()
    assert len(said) == 2
    assert everything_issued(town.house) == once(2)


def test_named_devices_alone_are_accepted(town: Town) -> None:
    donation_id = donation_of(town)
    first, second = wiped_laptops(town, donation_id, 2)
    job = accept_all(town, donation_id, device_ids=[str(second)])
    assert job["progress"] == {"done": 1, "total": 1}
    assert (is_sanitized(town.house, first), is_sanitized(town.house, second)) == (False, True)


def test_a_device_of_another_donation_is_named_by_its_place_and_nothing_is_ordered(town: Town) -> None:
    donation_id = donation_of(town)
    (ours,) = wiped_laptops(town, donation_id, 1)
    other = at_bench(town, VM01, donation_id=donation_of(town))
    body = {"decision": "accepted", "device_ids": [str(ours), str(other), str(uuid4())]}
    answer = town.data_security.post(f"/v1/donations/{donation_id}/sanitization", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_device")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/device_ids/1", "/device_ids/2"]
    assert not is_sanitized(town.house, ours)


def test_only_a_named_person_of_data_security_at_its_own_workshop_may(town: Town) -> None:
    donation_id = donation_of(town)
    body = {"decision": "accepted"}
    path = f"/v1/donations/{donation_id}/sanitization"
    answer = town.data_security.post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_accept")
    wiped_laptops(town, donation_id, 1)
    assert town.technician.post(path, body).status_code == 403
    assert town.council.post(path, body).status_code == 403
    assert town.stranger.post(path, body).status_code in {403, 404}
    assert town.data_security.post(path, {"decision": "rejected"}).status_code == 400


def ordered_without_worker(town: Town, count: int) -> UUID:
    """A batch's job that no worker has heard of."""
    donation_id = donation_of(town)
    wiped_laptops(town, donation_id, count)
    desk = town.data_security
    me = desk.get("/v1/me").json()
    territory_id = UUID(me["organisation"]["territory_id"])
    workshop, roles = frozenset({Activity.workshop}), frozenset({Role.data_security})
    caller = Caller(desk.organisation_id, territory_id, workshop, roles, desk.organisation_id, me["person"])

    def order(session: Session) -> UUID:
        job = order_batch(session, caller, donation_id, device_ids=None)
        session.info.clear()  # nobody is told,
        job.published_at = clock.now() + timedelta(hours=1)  # and whoever publishes another job passes this one over
        return job.id

    return in_transaction(town.house.database, order)


def run(job_id: UUID) -> None:
    task: Any = tasks.issue_batch
    task(str(job_id))


def deadly(action: Callable[..., Any], *, at: int, before: bool) -> Callable[..., Any]:
    """The action, killed at its n-th call, before or after it."""
    calls = iter(range(1, 1000))

    def instead(*arguments: Any, **more: Any) -> Any:
        now = next(calls)
        if before and now == at:
            raise Killed
        result = action(*arguments, **more)
        if now == at:
            raise Killed
        return result

    return instead


@pytest.mark.parametrize(("at", "before"), [(1, True), (1, False), (3, True), (5, False)])
@pytest.mark.parametrize("name", ["accept_and_number", "paper_of", "print_certificate", "link_rendering"])
def test_killed_anywhere_and_run_again_each_medium_has_one_certificate(
    town: Town, monkeypatch: pytest.MonkeyPatch, name: str, at: int, *, before: bool
) -> None:
    monkeypatch.setattr(tasks, "print_certificate", lambda value, _: value.canonical_json)  # not the point here
    job_id = ordered_without_worker(town, FIVE)
    attach(town.house)
    with monkeypatch.context() as dying:
        dying.setattr(tasks, name, deadly(getattr(tasks, name), at=at, before=before))
        with pytest.raises(Killed):
            run(job_id)
    later_on = clock.now() + timedelta(minutes=2)
    monkeypatch.setattr(clock, "source", lambda: later_on)
    run(job_id)
    assert everything_issued(town.house) == once(FIVE)
    with reading(town.house.database) as session:
        job = session.get_one(Job, job_id)
    assert (job.state, job.progress_done, job.progress_total) == (JobState.succeeded, FIVE, FIVE)
    assert job.result is not None
    assert len(set(job.result["certificate_ids"])) == FIVE


def test_processes_are_there_while_pages_are_drawn_and_gone_after() -> None:
    with presses(FEW + 1) as press:
        pid = press.submit(os.getpid).result()
        assert pid != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


PROGRAM = """
import json, sys
print("the product is loaded")
import psutil
from workers.presses import FEW, presses
if __name__ == "__main__":
    for _ in range(2):
        with presses(FEW + 1) as outer, presses(FEW + 1) as inner:
            loaded = [one.submit(eval, "sorted(__import__('sys').modules)").result() for one in (outer, inner)]
    print(json.dumps([[name for name in sys.modules["__main__"].__dict__ if name == "FEW"], loaded,
                      [child.name() for child in psutil.Process().children()]]))
"""


def test_a_process_that_draws_does_not_load_the_product_and_nothing_is_left_of_it(tmp_path: Path) -> None:
    """Loading the whole product in each took longer than drawing a dozen pages, and 50 MB."""
    (tmp_path / "main.py").write_text(PROGRAM)
    words = [sys.executable, tmp_path / "main.py"]
    here = {**os.environ, "PYTHONPATH": str(Path(tasks.__file__).parents[1])}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=here, timeout=60)
    said, told = done.stdout.splitlines()
    assert said == "the product is loaded"  # once: in the program itself
    own, loaded, left = json.loads(told)
    assert own == ["FEW"]  # the program has its own names again
    assert [name for modules in loaded for name in modules if name == "psutil"] == []
    assert left == []
