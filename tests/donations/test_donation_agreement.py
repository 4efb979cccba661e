# ruff: noqa: RUF001  # French apostrophes are what the documents print
"""The agreement through the doors: drafted as things are, printed, accepted by both, superseded, never overwritten."""

import io
import re
from typing import Any
from uuid import UUID

import pypdfium2
import pytest

from agreeing import LINES, PHOTO, PUBLIC, SCAN, WHOLE, accept, declared, drafted, path_of, picture, send_copy
from donating import ACCEPT, accepted, draft, laptops, listed, planned, submitted
from makers import Desk, Town, make_key, make_organisation, make_territory
from reuse.history.queries import history_of, verify_history
from reuse.people.models import Organisation
from reuse.people.rules import Activity, LegalForm, Quality, Role
from reuse.transactions import reading, transaction

SITE = {"name": "Mairie annexe", "address": "3 quai du Port", "access": {"stairs": True, "hours": "8 h à 12 h"}}


def change(desk: Desk, donation: dict[str, Any], **body: Any) -> Any:
    answer = desk.ask("PATCH", f"/v1/donations/{donation['id']}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def printed(desk: Desk, agreement: dict[str, Any]) -> str:
    """The text of the agreement's PDF."""
    content = desk.get(f"/v1/documents/{agreement['document_id']}/content").content
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    try:
        return re.sub(r"\s+", " ", " ".join(page.get_textpage().get_text_range() for page in document))
    finally:
        document.close()


def verbs(town: Town, donation: dict[str, Any]) -> list[str]:
    with reading(town.house.database) as session:
        assert verify_history(session).breaks == ()
        return [one.verb for one in history_of(session, "donation", UUID(donation["id"]))]


def workshop(town: Town, **facts: Any) -> None:
    """Change what is recorded of the town's workshop."""
    with transaction(town.house.database) as session:
        row = session.get_one(Organisation, town.lead.organisation_id)
        row.sqlmodel_update(facts)
        session.add(row)


def test_a_public_bodys_agreement_says_what_the_law_asks(town: Town) -> None:
    workshop(town, siret="73282932000074")
    donation = declared(town, sites=[SITE], donor_reference="DSI-2026-014")
    agreement = drafted(town.council, donation)
    assert agreement["number"].startswith("CV-20")
    assert (agreement["state"], agreement["is_current"], agreement["revision"]) == ("drafted", True, 1)
    read = printed(town.lead, agreement)
    for said in (
        "Convention de don", "Ville de Grand-Port", "Personne publique", "Atelier Deuxième Souffle", "73282932000074",
        "Association d’intérêt général", "L3212-2 3°", "D3212-3", "DEL-2026-041", "12/02/2026", "150,00 €",
        "Purge", "Mairie annexe", "8 h à 12 h", "DSI-2026-014", "180,00 €", "2022-1413", "RGPD, art. 28",
        "notifie toute violation", "Ordinateur portable", "oui, à effacer", "prix solidaire",
    ):  # fmt: skip
        assert said in read, said
    assert "à déclarer avant la signature" not in read


def test_a_companys_agreement_in_english_names_no_cap_and_no_public_law(town: Town) -> None:
    dublin = make_territory(town.house, "Dublin", country="IE", language="en", timezone="Europe/Dublin")
    where = {"territory_id": dublin.id}
    firm = make_organisation(town.house, "Cable Works", Activity.donor, legal_form=LegalForm.company, **where)
    shop = make_organisation(town.house, "Second Wind", Activity.workshop, quality=Quality.general_interest, **where)
    desk = Desk(town.client, make_key(town.house, firm, person="agent-5"), firm.id)
    lead = Desk(town.client, make_key(town.house, shop, person="lead-5"), shop.id)
    donation = submitted(desk, lines=LINES)
    read = printed(lead, drafted(desk, donation))
    for said in ("donation agreement", "Company gift", "GDPR, art. 28", "yes, to be erased", "without undue delay"):
        assert said in read, said
    for unsaid in ("CG3P", "French", "cap", "RGPD"):
        assert unsaid not in read, unsaid
    assert (accept(desk, donation).status_code, accept(lead, donation).status_code) == (201, 201)


@pytest.mark.parametrize(
    ("quality", "said"), [("esus", "ne peut pas revendre"), ("rup", "association reconnue d’utilité publique")]
)
def test_the_rule_of_resale_is_that_of_the_recipients_quality(town: Town, quality: str, said: str) -> None:
    workshop(town, quality=quality)
    read = printed(town.council, drafted(town.council, declared(town)))
    assert said in read
    assert ("180,00 €" in read) is (quality == "rup")


def test_both_sides_accept_by_the_files_hash_and_it_is_in_force(town: Town) -> None:
    donation = declared(town)
    agreement = drafted(town.lead, donation)
    content = town.council.get(f"/v1/documents/{agreement['document_id']}").json()
    assert content["sha256"] == agreement["sha256"]
    half = accept(town.council, donation, sha256=agreement["sha256"].upper())
    assert (half.status_code, half.json()["state"]) == (201, "accepted_by_donor"), half.text
    whole = accept(town.lead, donation)
    assert whole.json()["state"] == "in_force"
    told = [(one["side"], one["manner"], one["person"], one["sha256"]) for one in whole.json()["acceptances"]]
    assert told == [
        ("donor", "signed_in", "agent-1", agreement["sha256"]),
        ("workshop", "signed_in", "lead-1", agreement["sha256"]),
    ]
    assert verbs(town, donation)[-3:] == ["agreement_drafted", "agreement_accepted", "agreement_in_force"]
    assert town.region.get(path_of(donation)).json() == whole.json() == town.council.get(path_of(donation)).json()


def test_the_workshop_may_accept_first_and_nobody_accepts_twice(town: Town) -> None:
    donation = declared(town)
    drafted(town.council, donation)
    assert accept(town.lead, donation).json()["state"] == "accepted_by_workshop"
    again = accept(town.lead, donation)
    assert (again.status_code, again.json()["code"]) == (409, "already_accepted")
    assert accept(town.council, donation).json()["state"] == "in_force"


def test_asked_again_it_is_the_same_document_for_both_sides(town: Town) -> None:
    donation = declared(town)
    first = drafted(town.council, donation)
    assert drafted(town.council, donation) == first == drafted(town.lead, donation)
    kinds = [one["kind"] for one in town.lead.get(f"/v1/documents?donation_id={donation['id']}").json()["items"]]
    assert kinds == ["donation_agreement"]


def test_a_change_makes_it_outdated_and_a_new_one_supersedes_and_overwrites_nothing(town: Town) -> None:
    donation = declared(town)
    first = drafted(town.council, donation)
    before = town.council.get(f"/v1/documents/{first['document_id']}/content").content
    assert accept(town.council, donation).status_code == 201
    change(town.council, donation, lines=[{"category": "laptop", "quantity": 13}])
    outdated = town.council.get(path_of(donation)).json()
    assert (outdated["is_current"], outdated["changed"]) == (False, ["lines"])
    refused = accept(town.lead, donation)
    assert (refused.status_code, refused.json()["code"]) == (409, "agreement_outdated")
    assert "lines" in refused.json()["detail"]
    second = drafted(town.council, donation)
    assert (second["revision"], second["supersedes"], second["state"]) == (2, first["number"], "drafted")
    assert second["acceptances"] == []
    assert [(one["number"], one["state"]) for one in second["earlier"]] == [(first["number"], "superseded")]
    assert first["number"] in printed(town.lead, second)
    assert town.council.get(f"/v1/documents/{first['document_id']}/content").content == before
    stale = accept(town.lead, donation, sha256=first["sha256"])
    assert (stale.status_code, stale.json()["code"]) == (409, "other_document")
    assert accept(town.lead, donation, sha256=second["sha256"]).status_code == 201


def test_what_no_agreement_says_makes_it_outdated_no_more_than_a_list_within_the_lines(town: Town) -> None:
    donation = declared(town)
    drafted(town.council, donation)
    change(town.council, donation, notes="Accès par la cour", contacts=[{"name": "agent-1"}])
    listed(town.council, donation, laptops(12))
    assert town.council.get(path_of(donation)).json()["is_current"]
    listed(town.council, donation, laptops(13))
    assert town.council.get(path_of(donation)).json()["changed"] == ["lines"]


def test_a_partial_acceptance_is_another_agreement(town: Town) -> None:
    donation = declared(town)
    drafted(town.council, donation)
    refused = [{"category": "monitor", "quantity": 5, "reason": "Trop anciens"}]
    moved = town.lead.post(f"/v1/donations/{donation['id']}/moves", json={**ACCEPT, "refused": refused})
    assert moved.status_code == 200, moved.text
    assert accept(town.council, donation).json()["code"] == "agreement_outdated"
    read = printed(town.council, drafted(town.council, donation))
    assert "Ordinateur portable" in read
    assert "Total 12" in read


def test_missing_declarations_are_printed_as_such_and_nobody_accepts_before_they_are_made(town: Town) -> None:
    donation = accepted(town, **PUBLIC, lines=LINES)
    agreement = drafted(town.council, donation)
    assert agreement["missing_declarations"] == [*WHOLE]
    assert "à déclarer avant la signature" in printed(town.council, agreement)
    for answer in (accept(town.lead, donation), send_copy(town.lead, donation, SCAN)):
        assert (answer.status_code, answer.json()["missing"]) == (409, [*WHOLE])
    change(town.council, donation, declarations=WHOLE)
    assert accept(town.lead, donation).json()["code"] == "agreement_outdated"
    drafted(town.council, donation)
    assert accept(town.lead, donation).status_code == 201


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("technician", 403, "role_missing"),
        ("data_security", 403, "role_missing"),
        ("region", 403, "role_missing"),
        ("operator", 403, "role_missing"),
        ("company", 404, "not_found"),
        ("network", 404, "not_found"),
        ("stranger", 404, "not_found"),
    ],
)
def test_nobody_but_the_two_sides_accepts(town: Town, name: str, status: int, code: str) -> None:
    donation = declared(town)
    drafted(town.council, donation)
    desk: Desk = getattr(town, name)
    for answer in (accept(desk, donation), send_copy(desk, donation, SCAN)):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert desk.get(path_of(donation)).status_code == (404 if status == 404 else 200)
    assert town.council.get(path_of(donation)).json()["acceptances"] == []


def test_a_station_accepts_nothing_and_a_carrier_sees_nothing(town: Town) -> None:
    donation = declared(town)
    drafted(town.council, donation)
    with reading(town.house.database) as session:
        shop = session.get_one(Organisation, town.lead.organisation_id)
    station = Desk(town.client, make_key(town.house, shop, roles=[Role.lead]), shop.id)
    for answer in (accept(station, donation), send_copy(station, donation, SCAN)):
        assert (answer.status_code, answer.json()["code"]) == (403, "person_required")
    haulier = make_organisation(town.house, "Rapid Transport", Activity.carrier)
    carrier = Desk(town.client, make_key(town.house, haulier, person="chauffeur-1"), haulier.id)
    town.lead.post(f"/v1/donations/{donation['id']}/moves", json=ACCEPT)
    planned(town, donation, carrier_id=str(haulier.id))
    assert carrier.get(f"/v1/donations/{donation['id']}").status_code == 200
    assert carrier.get(path_of(donation)).status_code == 404
    assert carrier.post(path_of(donation)).status_code == 404


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(SCAN, "application/pdf", id="pdf"),
        pytest.param(PHOTO, "image/jpeg", id="jpeg"),
        pytest.param(picture(), "image/png", id="png"),
    ],
)
def test_a_copy_signed_by_hand_is_kept_and_binds_both_sides_when_the_workshop_sends_it(
    town: Town, content: bytes, kind: str
) -> None:
    donation = declared(town)
    agreement = drafted(town.lead, donation)
    answer = send_copy(town.lead, donation, content, name="../../virus.exe")
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert shown["state"] == "in_force"
    (copy,) = shown["signed_copies"]
    told = {(one["side"], one["manner"], one["sha256"], one["signed_copy_id"]) for one in shown["acceptances"]}
    file = (agreement["sha256"], copy["document_id"])
    assert told == {("donor", "by_hand", *file), ("workshop", "by_hand", *file)}
    facts = town.council.get(f"/v1/documents/{copy['document_id']}").json()
    assert (facts["kind"], facts["media_type"], facts["number"]) == ("signed_agreement", kind, agreement["number"])
    assert "virus" not in facts["file_name"]
    kept = town.council.get(f"/v1/documents/{copy['document_id']}/content")
    assert kept.content == content
    assert kept.headers["content-disposition"].startswith("attachment")
    again = send_copy(town.lead, donation, content)
    assert (again.status_code, again.json()) == (200, shown)
    assert verbs(town, donation)[-3:] == ["agreement_copy_added", "agreement_accepted", "agreement_in_force"]


def test_a_copy_that_the_donor_sends_binds_the_donor_alone(town: Town) -> None:
    donation = declared(town)
    drafted(town.council, donation)
    answer = send_copy(town.council, donation, SCAN).json()
    assert (answer["state"], [one["side"] for one in answer["acceptances"]]) == ("accepted_by_donor", ["donor"])
    assert accept(town.lead, donation).json()["state"] == "in_force"
    late = send_copy(town.lead, donation, PHOTO)
    assert (late.status_code, len(late.json()["signed_copies"]), len(late.json()["acceptances"])) == (201, 2, 2)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "copy_cut_off"),
        (b"MZ\x90\x00" + b"\0" * 400, 415, "unknown_copy"),
        (b"<html><script>alert(1)</script></html>", 415, "unknown_copy"),
        (b"GIF89a" + b"\0" * 40, 415, "unknown_copy"),
        (SCAN[:20], 400, "copy_cut_off"),
        (PHOTO[:30], 400, "copy_cut_off"),
        (picture()[:40], 400, "copy_cut_off"),
        (SCAN + b" " * 20_000_000, 413, "too_large"),
    ],
    ids=["empty", "program", "page", "gif", "half a pdf", "half a jpeg", "half a png", "20 MB"],
)
def test_what_is_no_whole_scan_is_refused_and_changes_nothing(
    town: Town, content: bytes, status: int, code: str
) -> None:
    donation = declared(town)
    agreement = drafted(town.council, donation)
    answer = send_copy(town.council, donation, content, name="scan.pdf")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert town.council.get(path_of(donation)).json() == agreement


def test_no_agreement_is_drafted_of_a_draft_or_without_a_workshop_or_after_the_end(town: Town) -> None:
    early = draft(town.council)
    assert town.council.get(path_of(early)).json()["code"] == "no_agreement"
    assert accept(town.council, early).status_code == 404
    assert send_copy(town.council, early, SCAN).status_code == 404
    assert town.council.post(path_of(early)).json()["code"] == "not_submitted"
    make_organisation(town.house, "Atelier du Canal", Activity.workshop)
    alone = submitted(town.company)
    refused = town.company.post(path_of(alone))
    assert (refused.status_code, refused.json()["missing"]) == (409, ["workshop"])
    over = declared(town, workshop_id=str(town.lead.organisation_id))
    town.council.post(f"/v1/donations/{over['id']}/moves", json={"to": "cancelled", "reason": "vendu"})
    assert town.council.post(path_of(over)).json()["code"] == "donation_ended"


def test_a_cancelled_donation_takes_its_devices_and_agreement_with_it_and_keeps_its_sites(town: Town) -> None:
    donation = declared(town, sites=[SITE])
    listed(town.council, donation, laptops(2))
    drafted(town.council, donation)
    assert accept(town.lead, donation).status_code == 201
    town.council.post(f"/v1/donations/{donation['id']}/moves", json={"to": "cancelled", "reason": "vendu"})
    shown = town.council.get(path_of(donation)).json()
    assert (shown["state"], len(shown["acceptances"])) == ("lapsed", 1)
    for answer in (accept(town.council, donation), send_copy(town.council, donation, SCAN)):
        assert (answer.status_code, answer.json()["code"]) == (409, "donation_ended")
    items = town.council.get(f"/v1/devices?donation_id={donation['id']}").json()["items"]
    assert {one["status"] for one in items} == {"withdrawn"}
    after = town.council.get(f"/v1/donations/{donation['id']}").json()
    assert [site["name"] for site in after["sites"]] == ["Mairie annexe"]
    late = town.council.ask("PATCH", f"/v1/donations/{donation['id']}", json={"sites": []})
    assert (late.status_code, late.json()["code"]) == (409, "not_editable")


def test_a_draft_that_is_cancelled_withdraws_what_was_listed_in_it(town: Town) -> None:
    donation = draft(town.council, sites=[SITE], lines=LINES)
    listed(town.council, donation, laptops(2))
    moved = town.council.post(f"/v1/donations/{donation['id']}/moves", json={"to": "cancelled", "reason": "erreur"})
    assert moved.json()["status"] == "cancelled"
    items = town.council.get(f"/v1/devices?donation_id={donation['id']}").json()["items"]
    assert {one["status"] for one in items} == {"withdrawn"}
    assert town.lead.get(f"/v1/donations/{donation['id']}").status_code == 404
