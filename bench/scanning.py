"""Scans as stations send them, for the benches of scans."""

from collections.abc import Sequence
from typing import Any

from product import Server, at_once

from reuse import clock

CONNECTIONS = 16


def a_scan(code: str, action: str) -> dict[str, Any]:
    return {"id": str(clock.new_id()), "code": code, "action": action, "at": clock.now().isoformat()}


def send(station: Any, scans: list[dict[str, Any]]) -> None:  # noqa: ANN401  # a product.Station
    """Send scans and see that every one of them was applied."""
    status, answer = station.ask("POST", "/v1/scans", {"scans": scans})
    if status != 200 or any(result["outcome"] != "applied" for result in answer["results"]):
        raise SystemExit(f"{status}: {answer}")


def single_scans(server: Server, key: str, codes: Sequence[str], action: str) -> float:
    """Scans a second, one a request, from sixteen stations that each wait for their answer."""

    def sending(own: Sequence[str]) -> None:
        station = server.station(key)
        for code in own:
            send(station, [a_scan(code, action)])
        station.close()

    seconds, _ = at_once([lambda own=codes[n::CONNECTIONS]: sending(own) for n in range(CONNECTIONS)])
    return len(codes) / seconds
