"""Houses, organisations and keys for tests, with memorable names; nobody in it exists."""

import atexit
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlmodel import Session, SQLModel, col, select

from reuse import app as application
from reuse import tables
from reuse.app import create_app
from reuse.broker import configure
from reuse.db import Database, postgresql_database, sqlite_database
from reuse.house import House, open_house
from reuse.jobs.models import Job
from reuse.jobs.rules import ENDED
from reuse.people.actions import add_key, add_organisation, add_territory
from reuse.people.models import Organisation, Territory
from reuse.people.rules import Activity, LegalForm, Quality, Role
from reuse.settings import Settings
from reuse.transactions import in_transaction, transaction

SECRET = "a-secret-that-only-tests-know-of-and-nobody-else"
assert tables.__all__  # importing it makes every table known


def make_house(folder: Path, *, database_url: str | None = None, broker_url: str | None = None, **more: Any) -> House:
    """An open house with an empty, complete database: SQLite in `folder`, or the PostgreSQL at `database_url`."""
    settings = Settings(
        data_dir=folder,
        database_url=database_url,
        broker_url=broker_url,
        secret_key=SECRET,
        public_url="https://reemploi.example",
        **more,
    )
    if database_url is None:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "filiere.db").exists():
            shutil.copyfile(_sqlite_template(), folder / "filiere.db")
    else:
        _fill_from_template(database_url)
    return open_house(settings)


def _make_tables(database: Database) -> None:
    """All tables as the models describe them; test_migrations.py proves that the migrations make the same."""
    SQLModel.metadata.create_all(database.writer)


@cache
def _sqlite_template() -> Path:
    """An empty, complete SQLite database, made once; a copy takes a millisecond."""
    folder = tempfile.TemporaryDirectory(prefix="filiere-template-")
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "filiere.db"
    with closing(sqlite_database(path)) as database:
        _make_tables(database)
    return path


def _fill_from_template(address: str) -> None:
    """Make an empty PostgreSQL database one with all tables, by copying one that each server makes once."""
    name = conninfo_to_dict(address)["dbname"]
    template = f"template_of_tests_{os.getpid()}"
    with psycopg.connect(address) as connection:
        if connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchone():
            return
    with psycopg.connect(make_conninfo(address, dbname="postgres"), autocommit=True) as server:
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone():
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(template)))
            with closing(postgresql_database(address.replace(f"/{name}", f"/{template}"))) as database:
                _make_tables(database)
        server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(str(name))))
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        server.execute(copy.format(sql.Identifier(str(name)), sql.Identifier(template)))


@dataclass(frozen=True)
class Desk:
    """Somebody at a computer: a client and the key of one person or station."""

    client: TestClient[Any]
    key: str
    organisation_id: UUID

    def ask(self, method: str, path: str, **more: Any) -> Response:
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> Response:
        return self.ask("POST", path, **({"json": json} if json is not None else {}), **more)

    def done(self, response: Response, *, seconds: float = 20) -> dict[str, Any]:
        """The job that a 202 began, once it has ended."""
        assert response.status_code == 202, response.text
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            job = self.get(response.headers["Location"]).json()
            if job["state"] in {"succeeded", "failed", "cancelled"}:
                return job
            time.sleep(0.02)
        raise AssertionError(f"still not done: {job}")


def wait_for_background(house: House, *, seconds: float = 20) -> None:
    """Return once no job is left, so that only the test itself asks the database."""
    until = time.monotonic() + seconds
    with closing(Session(house.database.reader)) as session:
        while session.exec(select(Job.id).where(col(Job.state).not_in(ENDED))).first():
            assert time.monotonic() < until, "jobs are left"
            session.rollback()
            time.sleep(0.02)


HELD_SECONDS = 0.4


def overlapping(house: House, first: Callable[[Session], Any], second: Callable[[Session], Any]) -> Any:
    """Do the second while the first has done its work and not committed; returns what the second answers or raises."""
    is_done = threading.Event()

    def slowly() -> None:
        with transaction(house.database) as session:
            first(session)
            session.flush()
            is_done.set()
            time.sleep(HELD_SECONDS)

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(slowly)
        assert is_done.wait(10)
        other = pool.submit(in_transaction, house.database, second)
        slow.result(timeout=30)
        return other.result(timeout=30)


@cache
def _app_with(_: tuple[Any, ...]) -> Litestar:
    """One application for all tests with the same doors: making it costs more than most tests."""
    return create_app()


@contextmanager
def open_doors(house: House) -> Iterator[TestClient[Any]]:
    """The API of a house in this process, its embedded worker included."""
    configure(house.settings)
    app = _app_with(tuple(application.DOORS))
    app.state.house = house
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def make_territory(house: House, name: str = "Littoral", **more: str) -> Territory:
    """A second territory, beside the default one."""
    facts = {"currency": "EUR", "country": "FR", "language": "fr", "timezone": "Europe/Paris", **more}
    with transaction(house.database) as session:
        return add_territory(session, name=name, **facts)


def make_organisation(
    house: House,
    name: str,
    *activities: Activity,
    legal_form: LegalForm = LegalForm.association,
    quality: Quality | None = None,
    territory_id: UUID | None = None,
) -> Organisation:
    """An organisation of the default territory, or of the one named."""
    with transaction(house.database) as session:
        return add_organisation(
            session,
            name=name,
            activities=activities,
            legal_form=legal_form,
            quality=quality,
            territory_id=territory_id,
        )


def make_key(
    house: House, organisation: Organisation, *, person: str | None = None, roles: Collection[Role] = ()
) -> str:
    """A key of a person, or of a station where no person is named."""
    with transaction(house.database) as session:
        return add_key(
            session, organisation_id=organisation.id, secret_key=house.secret_key, roles=roles, person=person
        )[1]


@dataclass(frozen=True)
class Town:
    """One of each: a council that gives, a workshop with three people, two networks, a region, an operator."""

    house: House
    client: TestClient[Any]
    council: Desk
    company: Desk
    technician: Desk
    data_security: Desk
    lead: Desk
    network: Desk
    other_network: Desk
    region: Desk
    operator: Desk
    stranger: Desk


def settle_town(house: House, client: TestClient[Any]) -> Town:
    """Make the organisations and keys of a small town; the stranger is a council of another territory."""
    with transaction(house.database) as session:
        desks = _settle(session, house, client)
    return Town(house=house, client=client, **desks)


def _settle(session: Session, house: House, client: TestClient[Any]) -> dict[str, Desk]:
    """All in one transaction: a commit for each would take most of a test's time."""

    def desk(organisation: Organisation, person: str, *roles: Role) -> Desk:
        made = {"organisation_id": organisation.id, "secret_key": house.secret_key, "roles": roles, "person": person}
        return Desk(client, add_key(session, **made)[1], organisation.id)

    def settle(name: str, *activities: Activity, legal_form: LegalForm = LegalForm.association, **more: Any) -> Any:
        return add_organisation(session, name=name, activities=activities, legal_form=legal_form, **more)

    public, company = LegalForm.public_body, LegalForm.company
    council = settle("Ville de Grand-Port", Activity.donor, legal_form=public)
    firm = settle("Câbleries du Nord", Activity.donor, legal_form=company)
    both = (Activity.workshop, Activity.carrier)
    workshop = settle("Atelier Deuxième Souffle", *both, quality=Quality.general_interest)
    network = settle("Réseau Connexions Solidaires", Activity.network)
    other = settle("Maison des Familles", Activity.network)
    region = settle("Communauté du Littoral", Activity.territory, legal_form=public)
    operator = settle("Exploitant", Activity.operator)
    facts = {"currency": "EUR", "country": "FR", "language": "fr", "timezone": "Europe/Paris"}
    elsewhere = add_territory(session, name="Ailleurs", **facts)
    stranger = settle("Ville d'Ailleurs", Activity.donor, territory_id=elsewhere.id)
    return {
        "council": desk(council, "agent-1"),
        "company": desk(firm, "agent-2"),
        "technician": desk(workshop, "tech-1", Role.technician),
        "data_security": desk(workshop, "secu-1", Role.data_security),
        "lead": desk(workshop, "lead-1", Role.lead, Role.technician),
        "network": desk(network, "reseau-1"),
        "other_network": desk(other, "reseau-2"),
        "region": desk(region, "region-1"),
        "operator": desk(operator, "op-1"),
        "stranger": desk(stranger, "autre-1"),
    }
