"""Print runs: which blanks are still out, the same labels once more, and a device that is labelled anew."""

import io
from typing import Any

from pypdf import PdfReader

from makers import Town
from printing import dots, pages, scanned


def ordered(town: Town, **order: Any) -> dict[str, Any]:
    """The run that an order made, as its door shows it, with the bytes of its document."""
    job = town.technician.done(town.technician.post("/v1/labels", json=order))
    assert job["state"] == "succeeded", job
    run = town.technician.get(f"/v1/label-runs/{job['result']['run_id']}").json()
    assert run["document_id"] == job["result"]["document_id"]
    content = town.technician.get(f"/v1/documents/{run['document_id']}/content").content
    return {**run, "content": content}


def take_in(town: Town, **more: Any) -> str:
    return town.technician.post("/v1/devices", json={"category": "laptop", **more}).json()["id"]


def bind(town: Town, device_id: str, value: str) -> None:
    answer = town.technician.post(f"/v1/devices/{device_id}/codes", json={"value": value, "kind": "label"})
    assert answer.status_code == 201, answer.text


def found_by(town: Town, code: str) -> str:
    return town.technician.get(f"/v1/codes/{code}").json()["matches"][0]["id"]


def test_a_run_of_blanks_tells_how_many_have_been_claimed(town: Town) -> None:
    run = ordered(town, blank=5, format="a4-65")
    assert (run["kind"], run["count"], run["claimed"], run["person"]) == ("blank", 5, 0, "tech-1")
    first, second = take_in(town), take_in(town, code=run["labels"][3]["code"])
    bind(town, first, run["labels"][0]["code"])
    again = town.technician.get(f"/v1/label-runs/{run['id']}").json()
    assert again["claimed"] == 2
    assert [one["device_id"] for one in again["labels"]] == [first, None, None, second, None]
    ordered(town, device_ids=[first], format="a4-24")
    runs = town.lead.get("/v1/label-runs").json()["items"]
    assert [(one["kind"], one["count"], one["claimed"]) for one in runs] == [("blank", 5, 2), ("devices", 1, 1)]
    assert [one["id"] for one in town.lead.get("/v1/label-runs?kind=blank").json()["items"]] == [run["id"]]


def test_the_same_labels_are_printed_again_without_new_codes(town: Town) -> None:
    run = ordered(town, blank=3, format="zpl-51x25-203", symbology="datamatrix")
    again = ordered(town, run_id=run["id"])
    assert again["content"] == run["content"]
    assert (again["id"], again["prints"], again["labels"]) == (run["id"], 2, run["labels"])
    onto_a_sheet = ordered(town, run_id=run["id"], format="a4-24", symbology="qr", start_at=4, skip=[5])
    page = pages(onto_a_sheet["content"], 203)[0]
    codes = [one["code"] for one in run["labels"]]
    assert sorted(scanned(page)) == sorted(f"https://reemploi.example/d/{code}" for code in codes)
    assert (onto_a_sheet["prints"], onto_a_sheet["format"]) == (3, "zpl-51x25-203")


def test_a_label_printed_again_says_what_is_known_by_now(town: Town) -> None:
    run = ordered(town, blank=1, format="a4-24")
    take_in(town, code=run["labels"][0]["code"], manufacturer="Dell", model="Latitude 5490", serial="PF1ABC2D")
    text = PdfReader(io.BytesIO(ordered(town, run_id=run["id"])["content"])).pages[0].extract_text()
    assert "Dell Latitude 5490" in text
    assert "S/N PF1ABC2D" in text


def test_every_old_label_still_finds_the_device_and_the_newest_is_printed(town: Town) -> None:
    """The blank is older than the label that the device had first: what counts is when it was fixed."""
    blank = ordered(town, blank=1, format="a4-24")["labels"][0]["code"]
    device = take_in(town)
    first = ordered(town, device_ids=[device], format="a4-24")["labels"][0]["code"]
    bind(town, device, blank)
    assert [found_by(town, code) for code in (first, blank)] == [device, device]
    printed = ordered(town, device_ids=[device], format="zpl-62x29-203")
    assert printed["labels"][0]["code"] == blank
    assert scanned(dots(printed["content"])[0]) == [f"https://reemploi.example/d/{blank}"]
    retired = town.technician.ask("DELETE", f"/v1/devices/{device}/codes/{blank}")
    assert retired.status_code == 200, retired.text
    assert ordered(town, device_ids=[device], format="a4-24")["labels"][0]["code"] == first
    assert found_by(town, blank) == device


def test_a_blank_can_be_claimed_once_however_often_it_was_printed(town: Town) -> None:
    run = ordered(town, blank=1, format="a4-24")
    ordered(town, run_id=run["id"])
    code = run["labels"][0]["code"]
    bind(town, take_in(town), code)
    answer = town.technician.post(f"/v1/devices/{take_in(town)}/codes", json={"value": code, "kind": "label"})
    assert (answer.status_code, answer.json()["code"]) == (409, "label_taken")


def test_labels_speak_the_language_asked_for(town: Town) -> None:
    device = take_in(town, serial="12-34/5CG")
    for language, said in (("fr", "Ordinateur portable"), ("en", "Laptop"), (None, "S/N 12-34/5CG")):
        run = ordered(town, device_ids=[device], format="a4-24", language=language)
        assert said in PdfReader(io.BytesIO(run["content"])).pages[0].extract_text()
        assert run["language"] == language
    arabic = ordered(town, device_ids=[device], format="a4-24", language="ar", with_organisation=True)
    text = PdfReader(io.BytesIO(arabic["content"])).pages[0].extract_text()
    assert "12-34/5CG" in text
    assert "Atelier Deuxième Souffle" in text
    assert "\ufee1\ufed7" in text or "\ufea4" in text, "the words of the label are drawn in Arabic letters"


def test_runs_are_the_workshops_own(town: Town) -> None:
    run = ordered(town, blank=1, format="a4-24")
    for desk in (town.network, town.council, town.stranger):
        assert desk.get(f"/v1/label-runs/{run['id']}").status_code == 404
        assert desk.get("/v1/label-runs").json()["items"] == []
        assert desk.post("/v1/labels", json={"run_id": run["id"]}).status_code == 403
