"""From the commit of a job to the commit of its effect, in the embedded default."""

import sys
import time

from figures import Figure, median_ms, percentile_ms
from product import COMMAND, Server, Shop, new_shop, serving
from sqlmodel import col, select

from reuse.jobs.models import Job

JOBS = 60
PAUSE = 0.1  # asking all the time would be measured with it
SLOW = "import reuse.broker; reuse.broker.POLL_SECONDS = 1.0; from reuse.cli import main; main()"


def measure() -> list[Figure]:
    """Milliseconds for a job of little work (one label for a roll printer), against the transport's own polling."""
    took = _run(COMMAND, JOBS)
    polled = _run((sys.executable, "-c", SLOW), JOBS // 6)
    name, note = "job, commit to done, median", f"p99 {percentile_ms(took, 0.99):.0f} ms"
    return [Figure(name, "ms", 25, median_ms(took), median_ms(polled), "kombu's default: polling once a second", note)]


def _run(command: tuple[str, ...], count: int) -> list[float]:
    with new_shop() as shop, serving(shop.folder, command) as server:
        _order(server, shop, 3)  # warm
        known = len(_latencies(shop))
        _order(server, shop, count)
        return _latencies(shop)[known:]


def _order(server: Server, shop: Shop, count: int) -> None:
    """Order labels, each once the one before is done: what is measured is a job's way, not a queue's length."""
    station = server.station(shop.key)
    for _ in range(count):
        status, job = station.ask("POST", "/v1/labels", {"blank": 1, "format": "zpl-62x29-203"})
        if status != 202:
            raise SystemExit(f"{status}: {job}")
        while job["state"] != "succeeded":
            time.sleep(PAUSE)
            _, job = station.ask("GET", f"/v1/jobs/{job['id']}")
    station.close()


def _latencies(shop: Shop) -> list[float]:
    """Seconds from the moment when each job was written down, a little before its commit, to its end."""
    jobs = shop.read(lambda session: session.exec(select(Job).order_by(col(Job.id))).all())
    return [(job.finished_at - job.created_at).total_seconds() for job in jobs if job.finished_at]
