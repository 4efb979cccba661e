import json
from uuid import uuid4

from makers import Town
from reuse.history.rules import Actor
from reuse.jobs.actions import enqueue
from reuse.transactions import transaction
from workers.task import Work, task


@task("tests.steps")
def work_in_steps(work: Work) -> None:
    """Tell progress twice."""
    work.step(lambda _: None, done=1, total=2)
    work.finish(lambda _: {"ready": True})


def test_a_job_is_followed_to_its_end(town: Town) -> None:
    actor = Actor(town.council.organisation_id)
    with transaction(town.house.database) as session:
        job_id = enqueue(session, "tests.steps", actor=actor, payload={}).id
    answer = town.council.get(f"/v1/jobs/{job_id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert told[-1]["state"] == "succeeded"
    assert told[-1]["result"] == {"ready": True}


def test_nobody_follows_another_organisations_job(town: Town) -> None:
    with transaction(town.house.database) as session:
        job_id = enqueue(session, "tests.steps", actor=Actor(town.council.organisation_id), payload={}).id
    assert town.company.get(f"/v1/jobs/{job_id}/events").status_code == 404
    assert town.council.get(f"/v1/jobs/{uuid4()}/events").status_code == 404
    assert town.operator.get(f"/v1/jobs/{job_id}").status_code == 200
