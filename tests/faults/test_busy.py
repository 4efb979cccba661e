"""A database that cannot serve now is no defect: the answer says so, and the same request works a moment later."""

import signal
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

import services
from makers import Desk, make_house, open_doors, settle_town
from reuse import db
from reuse.devices.models import Device


def is_busy(desk: Desk, device: str) -> bool:
    answer = desk.post(f"/v1/devices/{device}/flags", json={"flag": "quarantine", "reason": "swollen"})
    if answer.status_code == 201:
        return False
    assert (answer.status_code, answer.json()["code"]) == (503, "busy"), answer.text
    assert int(answer.headers["retry-after"]) > 0
    return True


def a_device(desk: Desk) -> str:
    return str(desk.post("/v1/devices", json={"category": "laptop"}).json()["id"])


def test_whoever_waits_too_long_for_a_row_is_asked_to_come_again(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "POSTGRES_OPTIONS", "-c timezone=UTC -c lock_timeout=100")
    with closing(make_house(tmp_path, database_url=postgresql_url)) as house, open_doors(house) as client:
        town = settle_town(house, client)
        device = a_device(town.lead)
        with Session(house.database.writer) as holder:
            holder.exec(select(Device).where(col(Device.id) == device).with_for_update()).one()
            assert is_busy(town.lead, device)
        assert not is_busy(town.lead, device)


def test_while_the_database_starts_anew_requests_are_asked_to_come_again(tmp_path: Path) -> None:
    with (
        services.postgresql_server() as server,
        ExitStack() as stack,
        services.fresh_database(server) as address,
        closing(make_house(tmp_path, database_url=address)) as house,
        open_doors(house) as client,
    ):
        town = settle_town(house, client)
        device = a_device(town.lead)
        services.stop(server, signal.SIGINT)
        assert is_busy(town.lead, device)
        again = services.launch_postgresql(server.folder, server.port)
        stack.callback(services.stop, again, signal.SIGINT)
        assert not is_busy(town.lead, device)


def test_a_writer_who_keeps_sqlite_to_himself_makes_others_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.2)
    with closing(make_house(tmp_path)) as house, open_doors(house) as client:
        town = settle_town(house, client)
        device = a_device(town.lead)
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with house.database.turn_to_write():
                held.set()
                done.wait(30)

        keeper = threading.Thread(target=hold)
        keeper.start()
        held.wait(30)
        try:
            assert is_busy(town.lead, device)
        finally:
            done.set()
            keeper.join()
        assert not is_busy(town.lead, device)
