"""Single scans: sixteen stations, each waiting for its answer; authentication, history and idempotency included."""

from collections.abc import Sequence
from uuid import UUID

from figures import Figure
from product import Server, at_once, new_shop, serving
from scanning import CONNECTIONS, single_scans

from reuse import clock
from reuse.devices.rules import Status

SCANS = 2000


def measure() -> list[Figure]:
    """Scans a second, against the same moves through a door that gives every request a transaction of its own."""
    with new_shop() as shop:
        devices = shop.devices(SCANS, Status.declared)
        other = shop.devices(SCANS // 2, Status.declared)
        with serving(shop.folder) as server:
            single_scans(server, shop.key, [code for _, code in devices[:100]], "look")  # warm
            used = server.processor_seconds()
            rate = single_scans(server, shop.key, [code for _, code in devices], "receive")
            used = server.processor_seconds() - used
            plain = moves(server, shop.key, [device_id for device_id, _ in other])
    note = f"{SCANS / used:,.0f}/s of the server's processor time"
    return [
        Figure("single scans", "/s", 400, rate, plain, "one transaction a request (POST …/moves, keyed)", note),
    ]


def moves(server: Server, key: str, device_ids: Sequence[UUID]) -> float:
    """Moves a second from as many stations, each under an Idempotency-Key, since a scan's id is one."""

    def moving(own: Sequence[UUID]) -> None:
        station = server.station(key)
        for device_id in own:
            headers = {"Idempotency-Key": str(clock.new_id())}
            status, answer = station.ask("POST", f"/v1/devices/{device_id}/moves", {"to": "received"}, **headers)
            if status != 200:
                raise SystemExit(f"{status}: {answer}")
        station.close()

    seconds, _ = at_once([lambda own=device_ids[n::CONNECTIONS]: moving(own) for n in range(CONNECTIONS)])
    return len(device_ids) / seconds
