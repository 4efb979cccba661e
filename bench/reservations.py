"""Reservations by criteria: many ask for one of the same kind at once.

Over HTTP on SQLite against looking into the catalogue first; in threads on PostgreSQL, where SKIP LOCKED picks, against
a plain SELECT … FOR UPDATE of the device that is listed longest, asked again until one is had.
"""

import contextlib
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from figures import Figure
from product import Server, Shop, at_once, new_shop, serving
from sqlmodel import Session, col, func, select

from reuse.catalogue.queries import closed_gates, on_offer, wished
from reuse.devices.models import Device
from reuse.house import House, open_house
from reuse.people.actions import add_organisation
from reuse.people.models import Organisation
from reuse.people.rules import Activity, Caller, Role
from reuse.reservations.actions.hold import hold_devices, holder
from reuse.reservations.actions.lines import expire_holds
from reuse.reservations.actions.reserve import reserve_by_criteria
from reuse.reservations.models import ReservationLine
from reuse.reservations.rules import Criteria
from reuse.schema import migrate
from reuse.settings import Settings
from reuse.transactions import in_transaction, reading

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

import services  # the tests know how to start a PostgreSQL that is gone afterwards

CONNECTIONS = 16
RESERVATIONS = 400
CRITERIA = {"criteria": {"category": "laptop", "quantity": 1, "min_ram_gb": 8}}
PAGE = "/v1/catalogue?category=laptop&min_ram_gb=8&limit=50"


def measure() -> list[Figure]:
    """Reservations a second, against looking into the catalogue and asking for one seen there, until one is had."""
    with new_shop() as shop:
        shop.offers(2 * RESERVATIONS + 200)
        with serving(shop.folder) as server:
            rate = RESERVATIONS / _race(server, shop.network_key, by_criteria=True)
            read = RESERVATIONS / _race(server, shop.network_key, by_criteria=False)
    figures = [
        Figure("reservations by criteria", "/s", None, rate, read, "read the catalogue, then ask, until one is had")
    ]
    try:
        with services.postgresql_server(durable=True) as server, services.fresh_database(server) as address:
            figures.append(_on_postgresql(address))
    except (FileNotFoundError, RuntimeError) as missing:
        print(f"reservations are measured on SQLite alone: {missing}", file=sys.stderr)
    return figures


def _race(server: Server, key: str, *, by_criteria: bool) -> float:
    """Seconds until each of the stations has reserved its share."""

    def reserving() -> None:
        station = server.station(key)
        had = 0
        while had < RESERVATIONS // CONNECTIONS:
            wish = CRITERIA
            if not by_criteria:
                _, page = station.ask("GET", PAGE)
                wish = {"device_ids": [random.choice(page["items"])["id"]]}
            status, answer = station.ask("POST", "/v1/reservations", wish)
            if status not in {201, 409}:
                raise SystemExit(f"{status}: {answer}")
            had += status == 201
        station.close()

    return at_once([reserving] * CONNECTIONS)[0]


def _on_postgresql(address: str) -> Figure:
    """Reservations a second of sixteen networks at once, each in a thread of its own."""
    with _house(address) as (house, callers):
        skipping = RESERVATIONS / _seconds(house, callers, _skipping)
        plain = RESERVATIONS / _seconds(house, callers, _plainly)
        with reading(house.database) as session:
            kept = select(func.count()).select_from(ReservationLine).where(col(ReservationLine.live))
            if session.exec(kept).one() != 2 * RESERVATIONS:
                raise SystemExit("a device is kept twice, or lost")
    name = "reservations by criteria, PostgreSQL, 16 networks"
    return Figure(name, "/s", None, skipping, plain, "a plain SELECT … FOR UPDATE, until one is had")


@contextlib.contextmanager
def _house(address: str) -> Iterator[tuple[House, list[Caller]]]:
    with (
        tempfile.TemporaryDirectory(prefix="filiere-bench-") as name,
        closing(open_house(Settings(data_dir=Path(name), database_url=address, secret_key="k" * 50))) as house,
    ):
        migrate(house.database)

        def settle(session: Session) -> tuple[Organisation, list[Organisation]]:
            workshop = add_organisation(session, name="Atelier", activities=[Activity.workshop])
            some = range(CONNECTIONS)
            return workshop, [
                add_organisation(session, name=f"Réseau {n}", activities=[Activity.network]) for n in some
            ]

        workshop, networks = in_transaction(house.database, settle)
        Shop(house, workshop.id, workshop.territory_id, "", "").offers(2 * RESERVATIONS + 200)
        roles, activities = frozenset({Role.network}), frozenset({Activity.network})
        yield house, [Caller(one.id, one.territory_id, activities, roles, UUID(int=0), "p-1") for one in networks]


def _seconds(house: House, callers: list[Caller], reserve: Callable[[Session, Caller], bool]) -> float:
    """Seconds until each network has reserved its share."""

    def reserving(caller: Caller) -> None:
        had = 0
        while had < RESERVATIONS // CONNECTIONS:
            had += in_transaction(house.database, lambda session: reserve(session, caller))

    return at_once([lambda caller=caller: reserving(caller) for caller in callers])[0]


WISH = Criteria("laptop", min_ram_gb=8)
HOLD = timedelta(hours=72)


def _skipping(session: Session, caller: Caller) -> bool:
    reserve_by_criteria(session, caller, WISH, quantity=1, hold=HOLD)
    return True


def _plainly(session: Session, caller: Caller) -> bool:
    """Whoever waits for a row finds it gone once it is free, and has to ask again (PostgreSQL's manual, 13.2.1)."""
    expire_holds(session, territory_id=caller.territory_id)
    wanted = wished(category=WISH.category, min_ram_gb=WISH.min_ram_gb)
    oldest = (
        select(Device).where(on_offer(caller.territory_id), *wanted).order_by(col(Device.listed_at), col(Device.id))
    )
    devices = list(session.exec(oldest.limit(1).with_for_update()))
    if not devices or closed_gates(session, devices):
        return False
    hold_devices(session, holder(caller), devices, hold=HOLD)
    return True
