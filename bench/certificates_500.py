"""A donation of 500 laptops certified in one job, beside device by device; and what it costs in memory."""

import contextlib
import time
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from uuid import UUID

from figures import Figure
from product import Server, Shop, Station, new_shop, serving, timed
from sqlmodel import Session

from reuse import clock
from reuse.devices.actions.identity import NewDevice, NewMedium, add_devices, add_media
from reuse.devices.actions.milestones import set_milestone
from reuse.devices.rules import Milestone, Status
from reuse.donations.models import Donation
from reuse.history.rules import SYSTEM
from reuse.transactions import in_transaction

RECEIVED = datetime(2026, 3, 1, 9, tzinfo=UTC)  # the emulated machine's clock stood at the day after
DEVICES, ONE_BY_ONE = 500, 40
ENDED = frozenset({"succeeded", "failed"})


def measure() -> list[Figure]:
    """Certificates a second, and the megabytes of the server and its processes while it works and after."""
    log = files("reuse.data").joinpath("demo/evidence/vm01-lenovo-t480-nvme/nwipe.log").read_text("utf-8")
    with new_shop() as shop, serving(shop.folder) as server:
        singles = _wiped(shop, server, log, range(ONE_BY_ONE))[1]
        donation_id, _ = _wiped(shop, server, log, range(ONE_BY_ONE, ONE_BY_ONE + DEVICES))
        station = server.station(shop.key)
        before = _resident(server.process.pid)
        most: list[float] = []
        path = f"/v1/donations/{donation_id}/sanitization"
        quick = DEVICES / timed(lambda: _accept(station, path, lambda: most.append(_with_children(server))))
        after = _with_children(server)  # before the server itself draws a page, for which it keeps 40 MB
        slow = ONE_BY_ONE / timed(lambda: [_accept(station, f"/v1/devices/{one}/sanitization") for one in singles])
        station.close()
    return [
        Figure("certificates of a donation of 500", "/s", None, quick, slow, "device by device, each job awaited"),
        Figure("memory while they are drawn, all processes", "MB", None, max(most), before, "the idle server"),
        Figure("memory after", "MB", 200, after, before, "before"),
    ]


def _wiped(shop: Shop, server: Server, log: str, numbers: range) -> tuple[UUID, list[UUID]]:
    """A donation's laptops at the bench, each with the report of its wiped disk: their donation and ids."""
    donation_id, ids = in_transaction(shop.house.database, lambda session: _at_bench(session, shop, numbers))
    station = server.station(shop.key)
    for n in numbers:
        status, answer = station.ask("POST", "/v1/erasure-reports", log.replace("S444NX0K512345", _serial(n)).encode())
        if status != 201:
            raise SystemExit(f"{status}: {answer}")
    station.close()
    return donation_id, ids


def _serial(n: int) -> str:
    return f"S444NX0K{n:06d}"


def _at_bench(session: Session, shop: Shop, numbers: range) -> tuple[UUID, list[UUID]]:
    donation = Donation(
        id=clock.new_id(),
        number=f"DON-2026-{numbers.start:06d}",
        status="received",
        donor_id=shop.workshop_id,
        registered_by_id=shop.workshop_id,
        workshop_id=shop.workshop_id,
        territory_id=shop.territory_id,
        legal_basis="company_gift",
        required_erasure="clear",
        created_at=clock.now(),
    )
    session.add(donation)
    session.flush()
    new = NewDevice(
        "laptop",
        Status.in_workshop,
        shop.territory_id,
        donation_id=donation.id,
        workshop_id=shop.workshop_id,
        custody_since=RECEIVED,
    )
    devices = add_devices(session, SYSTEM, [new] * len(numbers), verb="received")
    for n, device in zip(numbers, devices, strict=True):
        disk = NewMedium(_serial(n), "ssd_nvme", 67_108_864, "QEMU", "QEMU NVMe Ctrl")
        add_media(session, SYSTEM, device, [disk], source="capture")
        set_milestone(session, SYSTEM, device, Milestone.captured, source="capture")
    return donation.id, [device.id for device in devices]


def _accept(station: Station, path: str, look: object = None) -> None:
    """Accept and wait for the certificates; `look` is called while they are awaited."""
    status, job = station.ask("POST", path, {"decision": "accepted"})
    if status != 202:
        raise SystemExit(f"{status}: {job}")
    while job["state"] not in ENDED:
        if callable(look):
            look()
            time.sleep(0.5)
        _, job = station.ask("GET", f"/v1/jobs/{job['id']}")
    if job["state"] != "succeeded" or job["result"].get("refusals"):
        raise SystemExit(str(job)[:2000])


def _with_children(server: Server) -> float:
    """Megabytes of the server and of the processes that it has started now."""
    tasks = Path(f"/proc/{server.process.pid}/task").iterdir()
    children: list[int] = []
    for task in tasks:
        with contextlib.suppress(FileNotFoundError):  # a thread that has just ended
            children += map(int, (task / "children").read_text().split())
    return sum(_resident(pid) for pid in (server.process.pid, *children))


def _resident(pid: int) -> float:
    """Linux: VmRSS in kibibytes (proc_pid_status(5)); 0 for a process that has just ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0) * 1024 / 1e6
