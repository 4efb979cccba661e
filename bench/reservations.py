"""Reservations by criteria: many ask for one of the same kind at once."""

import random

from figures import Figure
from product import Server, at_once, new_shop, serving

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
    return [
        Figure("reservations by criteria", "/s", None, rate, read, "read the catalogue, then ask, until one is had")
    ]


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
