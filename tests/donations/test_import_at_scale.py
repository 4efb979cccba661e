"""Long lists: quick, whole, once; and what becomes of one that is killed, raced or spoiled on its way."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from donating import HEADER, draft, laptops, listed, send
from makers import Town, open_doors, settle_town
from reuse.clock import new_id, now
from reuse.devices.models import Device
from reuse.donations.actions.imports import rehearse_rows, take_all
from reuse.donations.imports.keys import in_portions, keyed
from reuse.donations.imports.read import read_file
from reuse.donations.models import DonationImport, DonationItem, ImportDevice
from reuse.errors import Conflict
from reuse.history.models import HistoryRecord
from reuse.history.queries import verify_history
from reuse.house import House
from reuse.transactions import in_transaction, reading, transaction

LONG = 4_000


@pytest.fixture
def any_town(any_house: House) -> Iterator[Town]:
    """A town on each database in turn."""
    with open_doors(any_house) as client:
        yield settle_town(any_house, client)


def counts(house: House) -> dict[str, int]:
    """How many rows of each kind there are, and that the history holds."""
    tables = {"devices": Device, "items": DonationItem, "links": ImportDevice, "records": HistoryRecord}
    with reading(house.database) as session:
        assert verify_history(session).breaks == ()
        return {name: session.exec(select(func.count()).select_from(table)).one() for name, table in tables.items()}


def done(town: Town, donation: dict[str, Any], content: str, **fields: str) -> dict[str, Any]:
    job = town.council.done(send(town.council, donation, content, **fields), seconds=300)
    assert job["state"] == "succeeded", job
    return job["result"]


def test_a_long_list_sent_again_changes_nothing_but_its_own_links(any_town: Town) -> None:
    check_again(any_town, LONG)


@pytest.mark.deep
def test_fifty_thousand_rows_sent_again_change_nothing(any_town: Town) -> None:
    check_again(any_town, 50_000)


def check_again(town: Town, rows: int) -> None:
    donation = draft(town.council)
    content = laptops(rows - 1) + "écran;HP;E24;;;1\n"
    result = done(town, donation, content)
    assert (result["rows"], result["accepted"], result["rejected"], result["devices"]) == (rows, rows, 0, rows)
    before = counts(town.house)
    assert (before["devices"], before["items"], before["links"]) == (rows, rows, rows)
    shown = town.council.get(f"/v1/donations/{donation['id']}").json()
    again = done(town, donation, content)
    assert (again["accepted"], again["known"], again["devices"], again["errors"]) == (0, rows, 0, [])
    assert town.council.get(f"/v1/donations/{donation['id']}").json() == shown
    assert counts(town.house) == {**before, "links": 2 * rows}
    elsewhere = done(town, draft(town.council), content)
    assert (elsewhere["accepted"], elsewhere["rejected"]) == (1, rows - 1)
    assert {one["code"] for one in elsewhere["errors"]} == {"serial_known"}


def test_all_or_nothing_of_a_long_list_is_one_act(any_town: Town) -> None:
    spoiled = laptops(LONG) + "grille-pain;;;SN-X;;\n"
    donation = draft(any_town.council)
    before = counts(any_town.house)
    result = done(any_town, donation, spoiled, mode="all_or_nothing")
    assert (result["accepted"], result["rejected"], result["devices"]) == (0, 1, 0)
    assert counts(any_town.house) == before
    result = done(any_town, donation, laptops(LONG), mode="all_or_nothing")
    assert (result["accepted"], result["devices"]) == (LONG, LONG)


def test_all_or_nothing_that_is_spoiled_by_another_list_meanwhile_leaves_nothing(any_town: Town) -> None:
    mine, other = draft(any_town.council), draft(any_town.council)
    rows = list(keyed(read_file(laptops(30).encode()).items))
    with transaction(any_town.house.database) as session:
        this = DonationImport(
            id=new_id(), donation_id=UUID(mine["id"]), organisation_id=any_town.council.organisation_id,
            sha256="0" * 64, mode="all_or_nothing", dry_run=False, created_at=now(),
        )  # fmt: skip
        session.add(this)
    with reading(any_town.house.database) as session:
        assert rehearse_rows(session, this, rows, {}).faults == []
    listed(any_town.council, other, f"{HEADER}\nportable;;;SN-00029;;\n")
    before = counts(any_town.house)
    with pytest.raises(Conflict) as refused:
        in_transaction(
            any_town.house.database,
            lambda session: take_all(session, this, in_portions(rows, devices=8), {}),
        )
    assert refused.value.code == "changed_meanwhile"
    assert counts(any_town.house) == before


def test_a_dry_run_of_a_long_list_writes_no_device_and_tells_what_is_known(any_town: Town) -> None:
    donation = draft(any_town.council)
    done(any_town, donation, laptops(LONG // 2))
    before = counts(any_town.house)
    result = done(any_town, donation, laptops(LONG), dry_run="true")
    assert (result["accepted"], result["known"], result["devices"]) == (LONG // 2, LONG // 2, LONG // 2)
    assert counts(any_town.house) == before


def test_an_identity_twice_in_a_long_list_names_the_first_row_however_far_above(town: Town) -> None:
    content = laptops(LONG) + "portable;;;sn 00001;;\ntablette;;;;INV-00002;\n"
    result = done(town, draft(town.council), content)
    assert [(one["row"], one["code"]) for one in result["errors"]] == [(LONG + 2, "duplicate_serial")]
    assert "row 2" in result["errors"][0]["message"]
    with reading(town.house.database) as session:
        tagged = select(func.count()).where(col(DonationItem.key).like("asset_tag:%"))
        assert session.exec(tagged).one() == 0  # a row that has the tag of a listed device means that device
