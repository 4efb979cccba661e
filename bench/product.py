"""The product as a process of its own in a fresh folder, and stations that ask it over real HTTP on the loopback.

Whoever measures runs in another process than the server, so that they share the machine's cores but no interpreter.
"""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import Session, col, select

from reuse import clock, tables
from reuse.devices.actions.identity import NewDevice, add_devices, mint_label_codes
from reuse.devices.models import Device, MilestoneRow
from reuse.devices.rules import Milestone, Status
from reuse.history.rules import SYSTEM
from reuse.house import House, open_house
from reuse.people.actions import add_key, add_organisation
from reuse.people.rules import Activity
from reuse.schema import migrate
from reuse.settings import Settings
from reuse.transactions import in_transaction, reading

Result = TypeVar("Result")

COMMAND = (sys.executable, "-m", "reuse.cli")
PATIENCE_SECONDS = 60
PORTION = 1000

assert tables.__all__  # noqa: S101  # importing it makes every table known


@dataclass(frozen=True)
class Shop:
    """A house with a workshop and a network, ready to be served."""

    house: House
    workshop_id: UUID
    territory_id: UUID
    key: str
    network_key: str

    @property
    def folder(self) -> Path:
        """Where its data is kept."""
        return self.house.settings.data_dir

    def devices(self, count: int, status: Status, **columns: Any) -> list[tuple[UUID, str]]:  # noqa: ANN401  # column values
        """So many labelled laptops of the workshop: their ids and label codes."""
        found: list[tuple[UUID, str]] = []
        for start in range(0, count, PORTION):
            some = min(PORTION, count - start)
            found += in_transaction(self.house.database, lambda session, some=some: self._add(session, some, status))
        if columns:
            in_transaction(self.house.database, lambda session: _set(session, [one for one, _ in found], columns))
        return found

    def _add(self, session: Session, count: int, status: Status) -> list[tuple[UUID, str]]:
        new = NewDevice("laptop", status, self.territory_id, workshop_id=self.workshop_id)
        devices = add_devices(session, SYSTEM, [new] * count)
        codes = mint_label_codes(session, SYSTEM, devices)
        return [(device.id, codes[device.id].value) for device in devices]

    def offers(self, count: int) -> list[UUID]:
        """So many laptops on offer to the network."""
        columns = {"price_minor": 9000, "price_currency": "EUR", "listed_at": clock.now(), "ram_gb": 8}
        return [device_id for device_id, _ in self.devices(count, Status.listed, **columns)]

    def read(self, question: Callable[[Session], Result]) -> Result:
        """Ask the database behind the server's back."""
        with reading(self.house.database) as session:
            return question(session)


def _set(session: Session, device_ids: Sequence[UUID], columns: dict[str, Any]) -> None:
    wanted = set(device_ids)
    for device in session.exec(select(Device).where(col(Device.status) == Status.listed)):
        if device.id in wanted:
            device.sqlmodel_update(columns)
            session.add_all(MilestoneRow(device_id=device.id, name=name, at=clock.now()) for name in Milestone)


@contextlib.contextmanager
def new_shop() -> Iterator[Shop]:
    """A shop on SQLite in a folder of its own, migrated, gone when the block ends."""
    with (
        tempfile.TemporaryDirectory(prefix="filiere-bench-") as name,
        closing(open_house(Settings(data_dir=Path(name), public_url="https://reemploi.example"))) as house,
    ):
        migrate(house.database)

        def settle(session: Session) -> Shop:
            workshop = add_organisation(session, name="Atelier", activities=[Activity.workshop])
            network = add_organisation(session, name="Réseau", activities=[Activity.network])
            session.flush()
            keys = [
                add_key(session, organisation_id=one.id, secret_key=house.secret_key, person="p-1")[1]
                for one in (workshop, network)
            ]
            return Shop(house, workshop.id, workshop.territory_id, *keys)

        yield in_transaction(house.database, settle)


@dataclass(frozen=True)
class Server:
    """A `filiere serve` that answers."""

    process: subprocess.Popen[bytes]
    port: int
    seconds_to_answer: float

    def processor_seconds(self) -> float:
        """What it has used of the processor so far, which other programs on the machine do not change (Linux)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def station(self, key: str) -> "Station":
        """A new connection to it."""
        return Station(self.port, key)


@contextlib.contextmanager
def serving(folder: Path, command: Sequence[str] = COMMAND, **settings: str) -> Iterator[Server]:
    """Serve the folder on a free port while the block lasts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FILIERE_")}
    given = {"data_dir": str(folder), "public_url": "https://reemploi.example", **settings}
    environment = kept | {f"FILIERE_{name.upper()}": value for name, value in given.items()}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.perf_counter()
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "serve", "--port", str(port)], env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        while not _answers(port):
            if process.poll() is not None or time.perf_counter() - began > PATIENCE_SECONDS:
                raise SystemExit((folder / "serve.log").read_text(encoding="utf-8", errors="replace"))
            time.sleep(0.01)
        yield Server(process, port, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _answers(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False


class Station:
    """One connection that stays open, with somebody's key."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:  # noqa: ANN401  # any JSON
        """The answer's status and body; what is sent is JSON, or bytes as they are."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body)
        self._connection.request(method, path, content, {**self._headers, **headers})
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def at_once(work: Sequence[Callable[[], Result]]) -> tuple[float, list[Result]]:
    """Do all of it, each in a thread of its own: the seconds that it took, and what each gave."""
    with ThreadPoolExecutor(len(work)) as pool:
        began = time.perf_counter()
        results = list(pool.map(lambda one: one(), work))
        return time.perf_counter() - began, results


def timed(act: Callable[[], object]) -> float:
    """The seconds that one act takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
