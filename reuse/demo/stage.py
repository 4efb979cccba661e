"""Where the demonstration is played: a folder of its own, a house that knows nobody yet, its cast, its server."""

import contextlib
import fcntl
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import httpx
import uvicorn

from reuse.app import create_app
from reuse.broker import configure
from reuse.demo.actors import Actor
from reuse.errors import Conflict
from reuse.house import House, open_house
from reuse.people.actions import add_key, add_organisation
from reuse.people.rules import Activity, LegalForm, Quality, Role
from reuse.serving import make_current, only_one
from reuse.settings import Settings
from reuse.transactions import transaction

MARKER = ".filiere-demo"
"""The file by which a folder says that it is the demonstration's, and that it may be emptied."""
HOST = "127.0.0.1"
START_SECONDS = 30


@contextlib.contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """The folder, emptied, and ours while the block lasts; Conflict for one that is not ours or that is in use.

    Only a folder that holds our marker is ever emptied: what somebody keeps under this name stays.
    """
    marker = folder / MARKER
    if folder.exists() and not marker.exists() and any(folder.iterdir()):
        raise Conflict(
            f"{folder} holds something that the demonstration did not make (there is no {MARKER} in it). "
            "Move it away, or set FILIERE_DATA_DIR to another folder.",
            code="not_the_demo",
        )
    folder.mkdir(parents=True, exist_ok=True)
    with _held(marker), _held(folder / "data" / "serve.lock"):
        for one in folder.iterdir():
            if one.is_dir() and not one.is_symlink():
                shutil.rmtree(one)
            elif one != marker:
                one.unlink()
        yield folder


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold the kernel's lock on a file (flock(2)), as a server does on its own; where there is no folder, none does."""
    if not path.parent.exists():
        yield
        return
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                f"Another process works on the demonstration's data in {path.parent}; stop it first.",
                code="demo_in_use",
            ) from error
        yield


def demo_settings(data: Path) -> Settings:
    """Settings of the embedded default, whatever the environment says: no shop's database, broker or files."""
    return Settings(
        data_dir=data,
        database_url=None,
        broker_url=None,
        files_url=None,
        keys_dir=None,
        secret_key=None,
        public_url=None,
        host=HOST,
    )


@contextlib.contextmanager
def opened(data: Path) -> Iterator[House]:
    """A new house with all its tables, that nobody else serves."""
    with contextlib.closing(open_house(demo_settings(data))) as house:
        data.mkdir(parents=True, exist_ok=True)
        with only_one(house.database):
            make_current(house.database, data / "backups")
            yield house


@contextlib.contextmanager
def served(house: House, *, ports: Sequence[int]) -> Iterator[str]:
    """The address of the whole product, worker included, served from a thread on the first free port of these."""
    listener = _listening(ports)
    port = listener.getsockname()[1]
    configure(house.settings)
    known = replace(house, settings=house.settings.model_copy(update={"port": port}))
    config = uvicorn.Config(create_app(known), log_config=None, access_log=False, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="server", daemon=True)
    thread.start()
    try:
        _await(server, thread)
        yield f"http://{HOST}:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=START_SECONDS)


def _listening(ports: Sequence[int]) -> socket.socket:
    for port in ports[:-1]:
        with contextlib.suppress(OSError):
            return socket.create_server((HOST, port))
    return socket.create_server((HOST, ports[-1]))


def _await(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise Conflict("The demonstration's server could not start; its log says why.", code="not_started")
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody in the story; persons of the workshop by the pseudonyms on their coats."""

    council: Actor
    carrier: Actor
    lead: Actor
    other_lead: Actor
    bench: Actor
    second_bench: Actor
    security: Actor
    network: Actor
    other_network: Actor
    region: Actor


def cast(house: House, http: httpx.Client) -> Cast:
    """Make the organisations and one key for each person, with the same actions as `filiere org add` and `key add`."""
    a, f = Activity, LegalForm
    council = _organisation(house, "Ville de Grand-Port", a.donor, legal_form=f.public_body)
    carrier = _organisation(house, "Coursiers du Canal", a.carrier, legal_form=f.company)
    workshop = _organisation(house, "Atelier Deuxième Souffle", a.workshop, quality=Quality.general_interest)
    network = _organisation(house, "Réseau Connexions Solidaires", a.network)
    families = _organisation(house, "Maison des Familles", a.network)
    region = _organisation(house, "Communauté du Littoral", a.territory, legal_form=f.public_body)

    def person(organisation: tuple[str, str], name: str, *roles: Role) -> Actor:
        return Actor(name, organisation[0], organisation[1], _key(house, organisation[1], name, roles), http)

    return Cast(
        council=person(council, "agent-1"),
        carrier=person(carrier, "route-3"),
        lead=person(workshop, "L-01", Role.lead),
        other_lead=person(workshop, "L-02", Role.lead),
        bench=person(workshop, "T-04", Role.technician),
        second_bench=person(workshop, "T-07", Role.technician),
        security=person(workshop, "S-02", Role.data_security),
        network=person(network, "R-11"),
        other_network=person(families, "M-05"),
        region=person(region, "obs-1"),
    )


def _organisation(
    house: House,
    name: str,
    activity: Activity,
    *,
    legal_form: LegalForm = LegalForm.association,
    quality: Quality | None = None,
) -> tuple[str, str]:
    with transaction(house.database) as session:
        made = add_organisation(session, name=name, activities=[activity], legal_form=legal_form, quality=quality)
        return made.name, str(made.id)


def _key(house: House, organisation_id: str, person: str, roles: Sequence[Role]) -> str:
    with transaction(house.database) as session:
        return add_key(
            session,
            organisation_id=UUID(organisation_id),
            secret_key=house.secret_key,
            roles=roles,
            person=person,
        )[1]
