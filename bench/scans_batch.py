"""Scans in batches of 500, as a station sends them that was off line."""

from figures import Figure
from product import new_shop, serving, timed
from scanning import a_scan, send

from reuse.devices.rules import Status

BATCH = 500
BATCHES = 8


def measure() -> list[Figure]:
    """Scans a second and the slowest batch, against the same station sending its scans one by one."""
    with new_shop() as shop:
        codes = [code for _, code in shop.devices(BATCH * (BATCHES + 1), Status.declared)]
        with serving(shop.folder) as server:
            station = server.station(shop.key)
            alone = timed(lambda: [send(station, [a_scan(code, "receive")]) for code in codes[:BATCH]])
            took = [
                timed(lambda n=n: send(station, [a_scan(code, "receive") for code in codes[n : n + BATCH]]))
                for n in range(BATCH, len(codes), BATCH)
            ]
            station.close()
    return [
        Figure("scans in batches of 500", "/s", 2000, BATCH * len(took) / sum(took), BATCH / alone, "500 single scans"),
        Figure("slowest batch of 500", "s", 1, max(took), alone, "500 single scans"),
    ]
