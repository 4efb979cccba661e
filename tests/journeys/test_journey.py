"""The road of a donation from a council's list to a family and its impact, through the doors, as users walk it."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from httpx import Response

from makers import Desk, Town
from reuse.workshop.rules import load_test_templates

EVIDENCE = Path(__file__).resolve().parents[2] / "reuse" / "data" / "demo" / "evidence"
THINKPAD = EVIDENCE / "vm01-lenovo-t480-nvme"
FUJITSU = EVIDENCE / "vm05-fujitsu-aborted"
RECEIVED = "2026-03-02T06:30:00Z"
"""Before the emulated machines were wiped, for a wipe counts only after the reception."""
LIST = """Type;Marque;Modèle;N° de série;N° inventaire
PC portable;LENOVO;ThinkPad T480;PF1A2B3C;INV-1
UC;FUJITSU;ESPRIMO E720;YLNS123456;INV-2
Écran;Dell;P2217H;CN8DXB560;INV-3
Écran;Dell;P2217H;CN5LDX288;INV-4
Machine à café;Delonghi;;;INV-5
"""
LOCKS = ("activation_lock", "mdm", "bios_password", "stolen_list")
FAMILY = {"pseudonym": "F-118", "commune_insee": "59183", "qpv": "yes", "age_band": "26-39", "eligible": True}

Json = dict[str, Any]


def test_a_donation_goes_from_a_list_to_a_family_and_what_is_not_proved_stays_behind(town: Town) -> None:
    donation = register(town)
    devices = receive(town, donation)
    label_and_begin(town, donation, devices)
    wipe_what_can_be_proved(town, devices)
    try_and_sign_off(town, devices)
    price_and_reserve_once(town, devices)
    hand_over_and_count(town, donation, devices)


def ok(answer: Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(answer: Response, status: int, code: str) -> Json:
    problem: Json = ok(answer, status)
    assert problem["code"] == code
    return problem


def status(town: Town, device_id: str) -> str:
    return town.lead.get(f"/v1/devices/{device_id}").json()["status"]


def register(town: Town) -> Json:
    """The council registers, its list comes in but for the coffee machine; the workshop accepts, not the donor."""
    said = {"legal_basis": "public_free_transfer", "required_erasure": "clear", "lines": []}
    donation: Json = ok(town.council.post("/v1/donations", said), 201)
    path = f"/v1/donations/{donation['id']}"
    file = {"file": ("liste.csv", LIST.encode("cp1252"))}
    job = town.council.done(town.council.post(f"{path}/imports", files=file, data={"mode": "good_rows"}))
    assert (job["result"]["accepted"], job["result"]["rejected"]) == (4, 1)
    assert [(fault["row"], fault["code"]) for fault in job["result"]["errors"]] == [(6, "unknown_category")]
    ok(town.council.post(f"{path}/moves", {"to": "submitted"}))
    refused(town.council.post(f"{path}/moves", {"to": "accepted"}), 403, "role_missing")
    assert ok(town.lead.post(f"{path}/moves", {"to": "accepted"}))["status"] == "accepted"
    return donation


def receive(town: Town, donation: Json) -> dict[str, str]:
    """Four are fetched, three arrive; the ids of the devices by their tags."""
    plan = {"donation_ids": [donation["id"]], "mode": "pickup", "planned_at": RECEIVED}
    path = f"/v1/collections/{ok(town.lead.post('/v1/collections', plan), 201)['id']}"
    ok(town.lead.post(f"{path}/pickup", {"at": RECEIVED, "signatures": [{"role": "donor", "name": "agent-1"}]}))
    came = [{"asset_tag": f"INV-{n}", "outcome": "missing" if n == 4 else "received"} for n in (1, 2, 3, 4)]
    collection = ok(town.lead.post(f"{path}/reception", {"at": RECEIVED, "devices": came}))
    lines = {line["category"]: line for line in collection["reconciliation"]["lines"]}
    assert lines["monitor"] == {"category": "monitor", "declared": 2, "picked_up": 2, "received": 1}
    assert [one["reason"] for one in collection["reconciliation"]["differences"]] == ["missing"]
    found = town.lead.get(f"/v1/devices?donation_id={donation['id']}").json()["items"]
    tags = {code["value"]: one["id"] for one in found for code in one["codes"] if code["kind"] == "asset_tag"}
    assert status(town, tags["INV-4"]) == "missing"
    return tags


def label_and_begin(town: Town, donation: Json, devices: dict[str, str]) -> None:
    """Labels are printed for what is there; scanning them begins the work, and scanning twice does nothing."""
    job = town.technician.done(town.technician.post("/v1/labels", {"donation_id": donation["id"], "format": "a4-24"}))
    sheet = town.technician.get(f"/v1/documents/{job['result']['document_id']}/content")
    assert sheet.content.startswith(b"%PDF")
    labels = {tag: label_of(town, device_id) for tag, device_id in devices.items()}
    assert labels.pop("INV-4") is None
    scans = [
        {"id": str(uuid4()), "code": code, "action": action, "at": RECEIVED}
        for code in labels.values()
        for action in ("receive", "start_work")
    ]
    for outcome in ("applied", "duplicate"):
        results = ok(town.technician.post("/v1/scans", {"scans": scans}))["results"]
        assert {one["outcome"] for one in results} == {outcome}
    assert {status(town, devices[tag]) for tag in labels} == {"in_workshop"}


def label_of(town: Town, device_id: str) -> str | None:
    codes = town.lead.get(f"/v1/devices/{device_id}").json()["codes"]
    return next((code["value"] for code in codes if code["kind"] == "label"), None)


def wipe_what_can_be_proved(town: Town, devices: dict[str, str]) -> None:
    """The laptop's log proves its disk and gives a certificate; the aborted one gives nothing, whoever asks."""
    for tag, folder in (("INV-1", THINKPAD), ("INV-2", FUJITSU)):
        capture = (folder / "capture.lshw.json").read_bytes()
        ok(town.technician.ask("POST", f"/v1/devices/{devices[tag]}/captures", content=capture), 201)
        log = {"file": ("nwipe.log", (folder / "nwipe.log").read_bytes())}
        report = town.technician.post(
            "/v1/erasure-reports", files=log, data={"device_id": devices[tag], "timezone": "UTC"}
        )
        ok(report, 201)
    job = town.data_security.done(accept(town.data_security, devices["INV-1"]))
    (certificate_id,) = job["result"]["certificate_ids"]
    certificate = town.council.get(f"/v1/certificates/{certificate_id}").json()
    assert certificate["status"] == "valid"
    public = town.client.get(certificate["verification_url"].removeprefix("https://reemploi.example"))
    assert public.status_code == 200
    assert "S444NX0K512345" in public.text
    problem = refused(accept(town.data_security, devices["INV-2"]), 409, "gate_closed")
    assert problem["missing"] == ["verdict_fail"]
    assert town.lead.get(f"/v1/certificates?device_id={devices['INV-2']}").json()["items"] == []


def accept(desk: Desk, device_id: str) -> Response:
    return desk.post(f"/v1/devices/{device_id}/sanitization", {"decision": "accepted"})


def try_and_sign_off(town: Town, devices: dict[str, str]) -> None:
    """Laptop and screen pass their tests and are signed off by a second person; the desktop is not."""
    for tag, category in (("INV-1", "laptop"), ("INV-3", "monitor")):
        path = f"/v1/devices/{devices[tag]}"
        checks = [check.code for check in load_test_templates()[category].checks if check.required]
        results = [{"check": check, "outcome": "pass"} for check in checks]
        ok(town.technician.post(f"{path}/tests", {"results": results}), 201)
        if category == "laptop":
            locks = [{"check": check, "outcome": "pass"} for check in LOCKS]
            ok(town.technician.post(f"{path}/unlock-checks", {"results": locks}), 201)
        ok(town.technician.post(f"{path}/grade", {"cosmetic": "B"}))
        assert town.technician.post(f"{path}/approval", {}).status_code == 403
        assert ok(town.lead.post(f"{path}/approval", {}))["status"] == "ready"
    problem = refused(town.lead.post(f"/v1/devices/{devices['INV-2']}/approval", {}), 409, "gate_closed")
    assert {"sanitized", "tested"} <= set(problem["missing"])


def price_and_reserve_once(town: Town, devices: dict[str, str]) -> None:
    """A price under the law's cap, and one network's reservation keeps the other out."""
    listing = ok(town.lead.post(f"/v1/devices/{devices['INV-1']}/listing", {}))
    assert 0 < listing["price"]["amount_minor"] <= listing["legal_cap"]["amount_minor"] == 18_000
    ok(town.lead.post(f"/v1/devices/{devices['INV-3']}/listing", {}))
    assert town.lead.post(f"/v1/devices/{devices['INV-2']}/listing", {}).status_code == 409
    offered = {one["id"] for one in town.network.get("/v1/catalogue").json()["items"]}
    assert offered == {devices["INV-1"], devices["INV-3"]}
    body = {"device_ids": [devices["INV-1"]]}
    reservation = ok(town.network.post("/v1/reservations", body), 201)
    refused(town.other_network.post("/v1/reservations", body), 409, "not_available")
    assert ok(town.network.post(f"/v1/reservations/{reservation['id']}/moves", {"to": "confirmed"}))
    assert status(town, devices["INV-1"]) == "reserved"


def hand_over_and_count(town: Town, donation: Json, devices: dict[str, str]) -> None:
    """A laptop in a family's hands avoids 81.0 kg (25.4 to 107.9) against a new one, until it comes back."""
    (reservation,) = town.network.get("/v1/reservations").json()["items"]
    body = {"device_ids": [devices["INV-1"]], "beneficiary": FAMILY}
    handover = ok(town.network.post(f"/v1/reservations/{reservation['id']}/handovers", body), 201)
    assert handover["number"].startswith("REM-")
    assert status(town, devices["INV-1"]) == "handed_over"
    impact = town.council.get(f"/v1/impact?donation_id={donation['id']}").json()
    assert impact["devices"] == 1
    assert {name: round(kilos, 1) for name, kilos in impact["kg_co2e"].items()} == {
        "low": 25.4,
        "central": 81.0,
        "high": 107.9,
    }
    told = town.council.get(f"/v1/devices/{devices['INV-1']}/history").json()["items"]
    assert [one["to_state"] for one in told if one["to_state"]] == [
        *("declared", "collected", "received", "in_workshop", "ready", "listed", "reserved", "handed_over")
    ]
    assert "F-118" not in str(told)
    ok(town.network.post(f"/v1/devices/{devices['INV-1']}/returns", {"reason": "Ne charge plus"}), 201)
    assert town.council.get(f"/v1/impact?donation_id={donation['id']}").json()["devices"] == 0
    assert town.lead.get(f"/v1/devices/{devices['INV-1']}").json()["milestones"]["sanitized"] is None
