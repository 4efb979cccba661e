"""What the one process of the embedded default keeps of the machine's memory."""

import time
from pathlib import Path

from figures import Figure
from product import new_shop, serving


def measure() -> list[Figure]:
    """Resident megabytes (10^6 bytes) when idle, against the same process once it has worked."""
    with new_shop() as shop, serving(shop.folder) as server:
        station = server.station(shop.key)
        for _ in range(50):
            station.ask("GET", "/v1/me")
        time.sleep(1)
        idle = _resident(server.process.pid)
        _, job = station.ask("POST", "/v1/labels", {"blank": 500, "format": "a4-24"})
        while job["state"] != "succeeded":
            _, job = station.ask("GET", f"/v1/jobs/{job['id']}")
        station.close()
        busy = _resident(server.process.pid)
    return [Figure("memory of the one process, idle", "MB", 200, idle, busy, "the same after 500 labels")]


def _resident(pid: int) -> float:
    """Linux: VmRSS in kibibytes (proc_pid_status(5))."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024 / 1e6
