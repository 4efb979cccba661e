"""How many scans a second the embedded default takes, over real HTTP on the loopback: `python bench/scans.py`.

It starts the product on SQLite in a fresh folder, declares devices with labels, and sends scans as stations do: single
ones from 16 connections, then batches of 500 from one. The figures to reach: 400 single scans a second, 2,000 in
batches and each batch answered under a second. Client and server share the machine's cores.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import socket
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import uvicorn
from sqlmodel import Session, SQLModel

from reuse import clock
from reuse.app import create_app
from reuse.broker import configure
from reuse.devices.actions.identity import NewDevice, add_devices, mint_label_codes
from reuse.devices.rules import Status
from reuse.history.rules import SYSTEM
from reuse.house import open_house
from reuse.people.actions import add_key, add_organisation
from reuse.people.rules import Activity
from reuse.settings import Settings
from reuse.transactions import in_transaction

CONNECTIONS = 16
BATCH = 500


def serve(folder: Path, port: int) -> None:
    settings = Settings(data_dir=folder, port=port)
    configure(settings)
    uvicorn.run(create_app(open_house(settings)), host="127.0.0.1", port=port, log_level="warning", access_log=False)


def prepare(folder: Path, count: int) -> tuple[str, list[str]]:
    """A workshop's key and the label codes of devices that were declared to it."""
    house = open_house(Settings(data_dir=folder))
    SQLModel.metadata.create_all(house.database.writer)

    def make(session: Session) -> tuple[str, UUID, UUID]:
        workshop = add_organisation(session, name="Atelier", activities=[Activity.workshop])
        session.flush()
        key = add_key(session, organisation_id=workshop.id, secret_key=house.secret_key, person="tech-1")[1]
        return key, workshop.id, workshop.territory_id

    key, workshop_id, territory_id = in_transaction(house.database, make)
    codes: list[str] = []
    for start in range(0, count, 1000):
        new = [NewDevice("laptop", Status.declared, territory_id, workshop_id=workshop_id)] * min(1000, count - start)

        def declare(session: Session, new: list[NewDevice] = new) -> list[str]:
            devices = add_devices(session, SYSTEM, new)
            return [code.value for code in mint_label_codes(session, SYSTEM, devices).values()]

        codes += in_transaction(house.database, declare)
    house.close()
    return key, codes


def a_scan(code: str, action: str) -> dict[str, Any]:
    return {"id": str(clock.new_id()), "code": code, "action": action, "at": clock.now().isoformat()}


class Station:
    """One connection that stays open."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def send(self, scans: list[dict[str, Any]]) -> float:
        """Seconds until the answer; every scan must have been applied."""
        began = time.perf_counter()
        self._connection.request("POST", "/v1/scans", json.dumps({"scans": scans}), self._headers)
        answer = json.loads(self._connection.getresponse().read())
        took = time.perf_counter() - began
        if any(result["outcome"] != "applied" for result in answer["results"]):
            raise SystemExit(answer)
        return took


def percentile(seconds: list[float], share: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * share))] * 1000


def processor_seconds(pid: int) -> float:
    """What the server has used of the processor so far, which other programs on the machine do not change (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(title: str, port: int, key: str, pid: int, work: list[list[list[dict[str, Any]]]]) -> None:
    """Each list of `work` is one connection's requests, sent one after the other."""
    stations = [Station(port, key) for _ in work]
    began, used = time.perf_counter(), processor_seconds(pid)
    with ThreadPoolExecutor(len(work)) as pool:
        times = [
            took
            for found in pool.map(
                lambda pair: [pair[0].send(scans) for scans in pair[1]], zip(stations, work, strict=True)
            )
            for took in found
        ]
    whole, used = time.perf_counter() - began, processor_seconds(pid) - used
    scans = sum(len(request) for requests in work for request in requests)
    print(
        f"{title}: {scans / whole:,.0f} scans/s; median {statistics.median(times) * 1000:.0f} ms, "
        f"p99 {percentile(times, 0.99):.0f} ms, slowest {max(times) * 1000:.0f} ms; "
        f"processor of the server {used / scans * 1000:.2f} ms a scan ({scans / used:,.0f}/s if it had a core alone)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=3000)
    devices = parser.parse_args().devices
    with tempfile.TemporaryDirectory() as name, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        key, codes = prepare(Path(name), devices)
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(Path(name), port))
        server.start()
        try:
            _wait(port)
            pid = server.pid or 0
            singles = [[[a_scan(code, "receive")] for code in codes[n::CONNECTIONS]] for n in range(CONNECTIONS)]
            measure(f"single scans, {CONNECTIONS} connections", port, key, pid, singles)
            batches = [[a_scan(code, "start_work") for code in codes[n : n + BATCH]] for n in range(0, devices, BATCH)]
            measure(f"batches of {BATCH}, 1 connection", port, key, pid, [batches])
            looks = [[a_scan(code, "look") for code in codes[n : n + BATCH]] for n in range(0, devices, BATCH)]
            measure(f"batches of {BATCH} looks, 2 connections", port, key, pid, [looks[::2], looks[1::2]])
        finally:
            server.terminate()
            server.join(timeout=20)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server does not answer")


if __name__ == "__main__":
    main()
