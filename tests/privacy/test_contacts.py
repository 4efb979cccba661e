"""A person's contact is sealed for the warranty, opened with a reason that is logged, and found nowhere in clear."""

import tarfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from makers import Desk, Town, make_key, wait_for_background
from makers_distribution import listed_devices, ready_devices, reserved
from marks import CONTACT, FAMILY, MARK, SEALED, everything_kept, handed_to, today
from reuse.backups import back_up
from reuse.cli import _lost_contacts
from reuse.handovers.models import HandoverContact
from reuse.invariants import violations
from reuse.people.models import AccessRecord, Organisation
from reuse.sealing import sealing_folder
from reuse.transactions import reading, transaction

WHY = {"reason": "Retour sous garantie"}


def contact(desk: Desk, made: dict[str, Any], **more: Any) -> Any:
    return desk.get(f"/v1/handovers/{made['id']}/contact", params=more or WHY)


def test_the_network_and_the_workshops_lead_open_a_contact_and_the_log_says_so(town: Town) -> None:
    made = handed_to(town, contact=CONTACT)
    assert made["contact_until"] == made["lines"][0]["warranty_until"]
    for desk in (town.network, town.lead):
        opened = contact(desk, made)
        assert opened.status_code == 200, opened.text
        assert {name: opened.json()[name] for name in CONTACT} == CONTACT
    with reading(town.house.database) as session:
        log = session.exec(select(AccessRecord)).all()
    assert [(one.person, one.act, one.thing, str(one.thing_id), one.reason) for one in log] == [
        (who, "read", "handover_contact", made["id"], WHY["reason"]) for who in ("reseau-1", "lead-1")
    ]


def test_nobody_else_opens_it_and_nobody_without_a_reason_or_a_name(town: Town) -> None:
    made = handed_to(town, contact=CONTACT)
    for desk, status in (
        (town.other_network, 404),
        (town.region, 403),
        (town.technician, 403),
        (town.company, 403),
        (town.operator, 403),
    ):
        assert contact(desk, made).status_code == status
    assert town.network.get(f"/v1/handovers/{made['id']}/contact").status_code == 400
    assert contact(town.network, made, reason="").status_code == 400
    with reading(town.house.database) as session:
        network = session.get_one(Organisation, town.network.organisation_id)
    station = Desk(town.client, make_key(town.house, network), network.id)
    assert contact(station, made).json()["code"] == "person_required"
    with reading(town.house.database) as session:
        assert session.exec(select(AccessRecord)).all() == []


def test_a_contact_stands_nowhere_in_clear(town: Town) -> None:
    device_ids = listed_devices(town)
    order = {"device_ids": device_ids, "beneficiary": FAMILY, "contact": CONTACT}
    path = f"/v1/reservations/{reserved(town.network, device_ids)['id']}/handovers"
    made = town.network.post(path, order, headers={"Idempotency-Key": "k-1"}).json()
    assert contact(town.network, made).status_code == 200
    wait_for_background(town.house)
    kept = everything_kept(town)
    assert MARK in kept  # the pseudonym does stand there
    assert SEALED not in kept
    assert "12 34 56 78" not in kept


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({}, "required"),
        ({"phone": "12"}, "phone_shape"),
        ({"phone": "appeler-moi"}, "phone_shape"),
        ({"email": "a@b"}, "email_shape"),
        ({"words": " "}, "words_shape"),
        ({"phone": "0102030405", "until": "2000-01-01"}, "beyond_warranty"),
        ({"phone": "0102030405", "until": "2999-01-01"}, "beyond_warranty"),
    ],
)
def test_what_is_no_contact_is_refused_without_being_repeated(town: Town, wrong: dict[str, str], code: str) -> None:
    device_ids = listed_devices(town)
    order = {"device_ids": device_ids, "beneficiary": FAMILY, "contact": wrong}
    reservation = reserved(town.network, device_ids)
    refused = town.network.post(f"/v1/reservations/{reservation['id']}/handovers", order)
    assert refused.status_code == 400, refused.text
    assert refused.json()["errors"][0]["code"] == code
    assert all(value not in refused.text for name, value in wrong.items() if value.strip() and name != "until")
    assert town.network.get("/v1/handovers").json()["items"] == []


def test_no_contact_is_kept_where_nothing_is_owed_or_nobody_took_it_home(town: Town) -> None:
    (given,) = ready_devices(town)
    town.lead.post(f"/v1/devices/{given}/listing", {"as_gift": True})
    sold = listed_devices(town)
    for device_ids, about in (([given], FAMILY), (sold, None)):
        order = {"device_ids": device_ids, "beneficiary": about, "contact": CONTACT}
        reservation = reserved(town.network, device_ids)
        refused = town.network.post(f"/v1/reservations/{reservation['id']}/handovers", order)
        assert refused.json()["errors"][0]["code"] == "contact_without_warranty"


def test_the_person_may_name_an_earlier_day_or_have_it_erased_at_once(town: Town) -> None:
    soon = str(today() + timedelta(days=30))
    made = handed_to(town, contact={**CONTACT, "until": soon})
    assert made["contact_until"] == soon
    path = f"/v1/handovers/{made['id']}/contact"
    assert town.lead.ask("DELETE", path).status_code == 403
    assert town.other_network.ask("DELETE", path).status_code == 404
    assert town.network.ask("DELETE", path).json()["contact_until"] is None
    assert town.network.ask("DELETE", path).json()["code"] == "no_contact"
    assert contact(town.network, made).status_code == 404
    with reading(town.house.database) as session:
        assert [one.act for one in session.exec(select(AccessRecord))] == ["erased"]


def test_a_contact_cannot_be_put_in_the_place_of_another(town: Town) -> None:
    one, other = handed_to(town, contact=CONTACT), handed_to(town, contact={"phone": "06 00 00 00 00"})
    with transaction(town.house.database) as session:
        first, second = session.exec(select(HandoverContact).order_by(HandoverContact.created_at)).all()
        first.sealed, second.sealed = second.sealed, first.sealed
        session.add_all([first, second])
    for made in (one, other):
        assert contact(town.network, made).json()["code"] == "contact_key_lost"


def test_with_its_key_a_contact_is_gone_and_nothing_else_breaks(town: Town) -> None:
    made = handed_to(town, contact=CONTACT)
    (key,) = sealing_folder(town.house.settings).glob("*.key")
    assert key.stat().st_mode & 0o077 == 0
    wait_for_background(town.house)
    with reading(town.house.database) as session:
        assert _lost_contacts(session, town.house.settings) == []
        key.unlink()
        (told,) = _lost_contacts(session, town.house.settings)
        assert told.startswith("1 contacts are lost")
        assert not any(violations(session, town.house.files).values())
    assert contact(town.network, made).json()["code"] == "contact_key_lost"
    assert town.network.get(f"/v1/handovers/{made['id']}").json()["contact_until"] is not None
    again = handed_to(town, contact=CONTACT)
    assert contact(town.network, again).status_code == 200


def test_a_backup_holds_no_key_of_contacts(town: Town, tmp_path: Path) -> None:
    handed_to(town, contact=CONTACT)
    wait_for_background(town.house)
    back_up(town.house, tmp_path / "house.tar.gz")
    with tarfile.open(tmp_path / "house.tar.gz") as archive:
        names = archive.getnames()
    assert "filiere.db" in names
    assert not any(name.endswith(".key") and name != "secret.key" for name in names)
