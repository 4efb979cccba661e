"""The public page at the address that a certificate prints: for anybody, without JavaScript, without persons."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

import workers.certificates as tasks
from benches import VM01, at_bench, decide, later, log_of, upload
from makers import Town
from reuse.canonical import sha256_hex
from reuse.devices.actions.identity import NewMedium
from reuse.wiping.pages import wants_json

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PROGRAM = {"Accept": "application/json"}
PERSONAL = ("tech-1", "secu-1", "Ville de Grand-Port", "PF1A2B3C", "INV-000417")


@pytest.fixture(autouse=True)
def quick_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages themselves are not the point here; tests/wiping/test_certificates.py draws real ones."""
    monkeypatch.setattr(tasks, "print_certificate", lambda value, _: b"%PDF-1.7 stands for " + value.canonical_json)


def certified(town: Town) -> dict[str, Any]:
    """A certificate of a laptop wiped with the real tool, emulated by QEMU."""
    device_id = at_bench(town, VM01)
    upload(town.technician, log_of("vm01-nwipe"))
    job = town.data_security.done(decide(town.data_security, device_id))
    (certificate_id,) = job["result"]["certificate_ids"]
    return town.data_security.get(f"/v1/certificates/{certificate_id}").json()


def path_of(certificate: dict[str, Any]) -> str:
    address = urlsplit(certificate["verification_url"])
    assert (address.scheme, address.netloc) == ("https", "reemploi.example")
    return address.path


def test_anybody_sees_that_a_certificate_is_valid_and_what_it_is_about(town: Town) -> None:
    certificate = certified(town)
    page = town.client.get(path_of(certificate), headers=BROWSER)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for word in (
        "Valide",
        "Valid",
        "CE-2026-000001",
        "S444NX0K512345",
        "Atelier Deuxième Souffle",
        certificate["sha256"],
    ):
        assert word in page.text
    pdf = town.data_security.get(f"/v1/certificates/{certificate['id']}/pdf").content
    assert sha256_hex(pdf) in page.text


def test_a_program_gets_the_same_facts_as_json(town: Town) -> None:
    certificate = certified(town)
    answer = town.client.get(path_of(certificate), headers=PROGRAM)
    facts = answer.json()
    assert (facts["number"], facts["status"]) == ("CE-2026-000001", "valid")
    assert facts["medium"]["serial"] == "S444NX0K512345"
    assert facts["record_sha256"] == certificate["sha256"]
    assert facts["evidence_sha256"] == [sha256_hex(log_of("vm01-nwipe"))]
    assert facts["key_fingerprint"] == certificate["content"]["signing_key"]["fingerprint"]


def test_no_person_no_donor_and_no_device_is_told(town: Town) -> None:
    certificate = certified(town)
    town.data_security.post(f"/v1/certificates/{certificate['id']}/revocation", {"reason": "secu-1 mixed up two disks"})
    for headers in (BROWSER, PROGRAM):
        text = town.client.get(path_of(certificate), headers=headers).text
        assert [word for word in PERSONAL if word in text] == []


def test_a_revoked_certificate_says_so_in_both(town: Town) -> None:
    certificate = certified(town)
    town.data_security.post(f"/v1/certificates/{certificate['id']}/revocation", {"reason": "two disks mixed up"})
    page = town.client.get(path_of(certificate), headers=BROWSER)
    assert page.status_code == 200
    assert "Révoqué" in page.text
    assert "Revoked" in page.text
    assert "Valide" not in page.text
    facts = town.client.get(path_of(certificate), headers=PROGRAM).json()
    assert facts["status"] == "revoked"
    assert facts["revoked_at"] is not None


def test_a_superseded_certificate_names_its_successor(town: Town) -> None:
    certificate = certified(town)
    upload(town.technician, later(log_of("vm01-nwipe"), 1))
    town.data_security.done(decide(town.data_security, certificate["device_id"]))
    page = town.client.get(path_of(certificate), headers=BROWSER).text
    assert "Remplacé" in page
    assert "CE-2026-000002" in page
    facts = town.client.get(path_of(certificate), headers=PROGRAM).json()
    assert (facts["status"], facts["superseded_by"]) == ("superseded", "CE-2026-000002")


def test_an_unknown_address_is_404_in_both(town: Town) -> None:
    page = town.client.get("/verify/nothing-here", headers=BROWSER)
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "Inconnu" in page.text
    answer = town.client.get("/verify/nothing-here", headers=PROGRAM)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_the_page_asks_nobody_for_anything_and_runs_nothing(town: Town) -> None:
    page = town.client.get(path_of(certified(town)), headers=BROWSER)
    assert not re.search(r"<script|<link|<img|<iframe|\bsrc=|\bon\w+=|@import|url\(", page.text)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert len(page.content) < 20_000


def test_what_a_disk_calls_itself_is_shown_as_text(town: Town) -> None:
    device_id = at_bench(
        town, [NewMedium("S444NX0K512345", "ssd_nvme", None, "<script>alert(1)</script>", "</style>&")]
    )
    upload(town.technician, log_of("vm01-nwipe"))
    job = town.data_security.done(decide(town.data_security, device_id))
    (certificate_id,) = job["result"]["certificate_ids"]
    certificate = town.data_security.get(f"/v1/certificates/{certificate_id}").json()
    page = town.client.get(path_of(certificate), headers=BROWSER).text
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert page.count("</style>") == 1


def test_addresses_cannot_be_guessed_and_differ(town: Town) -> None:
    one, two = path_of(certified(town)), path_of(certified_again(town))
    assert one != two
    assert all(len(path.removeprefix("/verify/")) >= 22 for path in (one, two))  # 22 signs of base64url hold 128 bits


def certified_again(town: Town) -> dict[str, Any]:
    """A second certificate, of another laptop."""
    device_id = at_bench(town, [NewMedium("S444NX0K599999", "ssd_nvme")], serial="OTHER1")
    upload(town.technician, log_of("vm01-nwipe").replace(b"S444NX0K512345", b"S444NX0K599999"))
    job = town.data_security.done(decide(town.data_security, device_id))
    (certificate_id,) = job["result"]["certificate_ids"]
    return town.data_security.get(f"/v1/certificates/{certificate_id}").json()


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        (None, False),
        ("*/*", False),
        ("text/html", False),
        ("application/json", True),
        ("application/json, */*;q=0.5", True),
        ("text/html, application/json;q=0.9", False),
        ("Application/JSON; charset=utf-8", True),
    ],
)
def test_html_unless_json_is_asked_for(accept: str | None, *, json: bool) -> None:
    assert wants_json(accept) is json
