"""A batch of certificates whose processes are killed by the kernel: the next server or worker ends it, each once."""

import contextlib
import os
import signal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

import services
from benches import wiped_laptops
from donating import accepted
from faults.processes import PATIENCE_SECONDS, Running, Site, eventually, site
from racks import Rack
from reuse.documents.models import Document, NumberSeries
from reuse.jobs.models import Job
from reuse.transactions import reading
from reuse.wiping.actions.offline import verify_certificate_file
from reuse.wiping.models import Certificate

COUNT = 24


def ordered(built: Site) -> str:
    """A donation's laptops, all wiped, accepted in one job; the id of the job."""
    donation_id = UUID(accepted(built.town, required_erasure="clear")["id"])
    wiped_laptops(built.town, donation_id, COUNT)
    path = f"/v1/donations/{donation_id}/sanitization"
    answer = built.town.data_security.post(path, {"decision": "accepted"})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def batch(built: Site) -> Job:
    (job,) = built.jobs("certificates.batch")
    return job


def children_of(pid: int) -> list[int]:
    """The processes that this one has started, and theirs."""
    own = [int(one) for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()]
    return [*own, *(grandchild for child in own for grandchild in children_of(child))]


def is_gone(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def killed_in_the_middle(built: Site, one: Running) -> None:
    """Kill the process alone, and see that what it had started ends by itself."""
    eventually(lambda: batch(built).progress_done >= 2, "no certificate is printed", seconds=PATIENCE_SECONDS)
    started = children_of(one.process.pid)
    assert started, "pages are not drawn in processes of their own"
    os.kill(one.process.pid, signal.SIGKILL)
    one.process.wait()
    assert batch(built).progress_done < COUNT
    eventually(lambda: all(map(is_gone, started)), "processes are left without their parent", seconds=PATIENCE_SECONDS)


def assert_each_once(built: Site) -> None:
    built.wait_for_jobs()
    assert batch(built).state == "succeeded", batch(built).problem
    result: dict[str, Any] = batch(built).result or {}
    with reading(built.house.database) as session:
        certificates = session.exec(select(Certificate)).all()
        series = session.exec(select(NumberSeries).where(NumberSeries.prefix == "CE")).one()
    assert sorted(one.number for one in certificates) == [f"CE-2026-{n:06d}" for n in range(1, COUNT + 1)]
    assert all(one.document_id for one in certificates)
    assert {str(one.id) for one in certificates} == set(result["certificate_ids"])
    assert (series.last, result["accepted"], result["refusals"]) == (COUNT, COUNT, [])
    built.assert_whole()


def test_a_server_killed_in_the_middle_of_a_batch_leaves_it_to_the_next_one(tmp_path: Path) -> None:
    with site(tmp_path) as built:
        (doomed,) = built.serve()
        ordered(built)
        killed_in_the_middle(built, doomed)
        built.serve()
        assert_each_once(built)


@pytest.mark.redis
@pytest.mark.postgresql
def test_a_celery_worker_draws_in_processes_of_its_own_and_another_ends_what_it_began(
    tmp_path: Path, postgresql_url: str, redis_server: services.Server
) -> None:
    with site(tmp_path, database_url=postgresql_url, broker_url=services.redis_address(redis_server)) as built:
        built.serve()
        (doomed,) = built.work(1)
        ordered(built)
        eventually(lambda: batch(built).progress_done >= 2, "no certificate is printed", seconds=PATIENCE_SECONDS)
        assert len(children_of(doomed.process.pid)) > 1
        doomed.kill()
        built.work(1)
        assert_each_once(built)


@pytest.mark.redis
@pytest.mark.postgresql
def test_celery_s_children_and_what_they_start_sign_with_a_token(
    tmp_path: Path, postgresql_url: str, redis_server: services.Server, rack: Rack
) -> None:
    broker = services.redis_address(redis_server)
    with site(tmp_path, database_url=postgresql_url, broker_url=broker, **rack.settings("ec")) as built:
        built.serve()
        built.work(1)
        ordered(built)
        assert_each_once(built)
        with reading(built.house.database) as session:
            named = {one.content["pdf_signing_key"]["subject"] for one in session.exec(select(Certificate))}
            (one, *_) = session.exec(select(Document).where(Document.kind == "erasure_certificate")).all()
        assert named == {"CN=Signature de la métropole"}
        assert verify_certificate_file(built.house.files.get(one.sha256)).pages == "identical"
