"""Test templates of a territory's own, values within limits, waivers that count, photos without secrets, the sheet."""

import io
from typing import Any

import pypdfium2
import pytest
from PIL import Image

from floor import device, met, passes, picture, take_in
from makers import Town

POWER = {"code": "power_on", "title_fr": "Démarre", "title_en": "Starts"}
BATTERY = {
    "code": "battery_health",
    "title_fr": "Batterie",
    "title_en": "Battery",
    "unit": "%",
    "value": {"at_least": 0, "at_most": 100, "pass_from": 60, "required": True},
}


def publish(town: Town, *checks: dict[str, Any], category: str = "monitor", **more: Any) -> dict[str, Any]:
    answer = town.region.post("/v1/test-templates", {"category": category, "checks": list(checks), **more})
    assert answer.status_code == 201, answer.text
    template: dict[str, Any] = answer.json()
    return template


def send(town: Town, device_id: str, *results: dict[str, Any]) -> Any:
    return town.technician.post(f"/v1/devices/{device_id}/tests", {"results": list(results)})


def test_every_category_has_a_template_and_none_of_a_territorys_own_at_first(town: Town) -> None:
    found = town.technician.get("/v1/test-templates").json()["items"]
    assert len(found) == 12
    assert {one["scope"] for one in found} == {"shipped"}
    laptop = next(one for one in found if one["category"] == "laptop")
    battery = next(check for check in laptop["checks"] if check["code"] == "battery_health")
    assert (battery["unit"], battery["value"]["at_most"], battery["waived_by"]) == ("%", 100, "lead")


def test_a_territorys_template_is_in_force_for_its_workshops_and_a_workshops_own_before_it(town: Town) -> None:
    shipped = town.technician.get("/v1/test-templates?category=monitor").json()["items"][0]
    territory = publish(town, POWER)
    assert territory["version"] == shipped["version"] + 1
    assert town.technician.get("/v1/test-templates?category=monitor").json()["items"] == [territory]
    workshop_id = str(town.technician.organisation_id)
    own = publish(town, POWER, BATTERY, workshop_id=workshop_id)
    assert town.technician.get("/v1/test-templates?category=monitor").json()["items"] == [own]
    assert town.network.get("/v1/test-templates?category=monitor").json()["items"] == [territory]
    every = town.technician.get("/v1/test-templates?category=monitor&all_versions=true").json()["items"]
    assert [one["id"] for one in every] == [None, territory["id"], own["id"]]


def test_a_device_keeps_the_version_that_its_tests_began_with(town: Town) -> None:
    begun = take_in(town, "monitor")
    first = passes("monitor")["results"]
    send(town, begun, first[0])
    template = publish(town, POWER)
    shown = town.technician.get(f"/v1/devices/{begun}/tests").json()
    assert (shown["template"]["scope"], shown["results"][0]["template_version"]) == ("shipped", 1)
    assert send(town, begun, *first[1:]).json()["missing"] == []
    fresh = take_in(town, "monitor")
    assert send(town, fresh, {"check": "power_on", "outcome": "pass"}).json()["missing"] == []
    assert device(town, fresh)["milestones"]["tested"]["source"].endswith(f"({template['id']})")
    publish(town, POWER, BATTERY)
    assert "tested" in met(town, fresh)
    repair = {"defect": "screen.pixels", "action": "Changed the panel"}
    town.technician.post(f"/v1/devices/{fresh}/repairs", repair)  # what was tested is void, so the newest is in force
    assert send(town, fresh, {"check": "power_on", "outcome": "pass"}).json()["missing"] == ["battery_health"]


@pytest.mark.parametrize(
    ("value", "outcome", "code"),
    [
        ("71", "pass", None),
        ("71,5 %", "pass", None),
        (71, "pass", None),
        ("59", "fail", None),
        ("59", "pass", "value_fails"),
        ("101", "pass", "value_impossible"),
        ("-1", "fail", "value_impossible"),
        ("good", "pass", "value_unreadable"),
        ("71 °C", "pass", "value_unreadable"),
        (None, "pass", "value_missing"),
    ],
)
def test_a_value_of_a_territorys_template_lies_within_its_limits(
    town: Town, value: object, outcome: str, code: str | None
) -> None:
    publish(town, POWER, BATTERY)
    device_id = take_in(town, "monitor")
    answer = send(town, device_id, {"check": "battery_health", "outcome": outcome, "value": value})
    if code is None:
        assert answer.status_code == 201, answer.text
        assert answer.json()["warnings"] == []
    else:
        assert answer.status_code == 400, answer.text
        assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [("/results/0/value", code)]
        assert town.technician.get(f"/v1/devices/{device_id}/tests").json()["results"] == []


def test_the_shipped_template_keeps_an_odd_value_and_says_so(town: Town) -> None:
    device_id = take_in(town)
    answer = send(town, device_id, {"check": "battery_health", "outcome": "pass", "value": "good"}).json()
    assert answer["results"][0]["value"] == "good"
    assert [one["code"] for one in answer["warnings"]] == ["value_unreadable"]


@pytest.mark.parametrize(
    ("checks", "place", "code"),
    [
        ([POWER, POWER], "/checks/1/code", "twice"),
        ([{**POWER, "code": "Power On"}], "/checks/0/code", "bad_code"),
        ([{**POWER, "title_fr": "Remis a neuf"}], "/checks/0/title_fr", "forbidden_words"),
        ([{**POWER, "required": False}], "/checks", "nothing_required"),
        ([{**BATTERY, "value": {"at_least": 50, "at_most": 10}}], "/checks/0/value", "limits_crossed"),
        ([{**BATTERY, "value": {"choices": ["a"], "at_most": 10}}], "/checks/0/value", "limits_crossed"),
    ],
)
def test_a_template_that_cannot_be_one_is_refused(
    town: Town, checks: list[dict[str, Any]], place: str, code: str
) -> None:
    answer = town.region.post("/v1/test-templates", {"category": "monitor", "checks": checks})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_template")
    assert (place, code) in [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


def test_only_territory_and_operator_publish_templates(town: Town) -> None:
    body = {"category": "monitor", "checks": [POWER]}
    for desk in (town.technician, town.lead, town.network, town.council):
        assert desk.post("/v1/test-templates", body).status_code == 403
    assert town.operator.post("/v1/test-templates", body).status_code == 201
    not_one = town.region.post("/v1/test-templates", {**body, "workshop_id": str(town.network.organisation_id)})
    assert not_one.json()["code"] == "not_a_workshop"


def test_a_required_check_is_waived_by_a_lead_alone(town: Town) -> None:
    device_id = take_in(town, "monitor")
    send(town, device_id, *passes("monitor")["results"])
    waiver = {"check": "display", "outcome": "waived", "note": "No cable for this plug", "value": "0"}
    answer = send(town, device_id, waiver).json()
    assert answer["missing"] == ["display"]
    assert [one["code"] for one in answer["warnings"]] == ["lead_waives"]
    assert "tested" not in met(town, device_id)
    answer = town.lead.post(f"/v1/devices/{device_id}/tests", {"results": [waiver]}).json()
    assert (answer["missing"], answer["warnings"]) == ([], [])
    assert "tested" in met(town, device_id)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photo_keeps_its_picture_and_loses_everything_else(town: Town, kind: str) -> None:
    device_id = take_in(town, "monitor")
    check = send(town, device_id, passes("monitor")["results"][0]).json()["results"][0]
    files = {"file": ("IMG_Dupont.gif", picture(kind, secret="rue des Lilas"))}
    answer = town.technician.post(f"/v1/checks/{check['id']}/photos", files=files)
    assert answer.status_code == 201, answer.text
    document = answer.json()
    content = town.technician.get(f"/v1/documents/{document['id']}/content").content
    assert b"Lilas" not in content
    image = Image.open(io.BytesIO(content))
    assert image.format == kind
    assert not image.getexif()
    red = image.convert("RGB").getpixel((5, 5))
    assert isinstance(red, tuple)
    assert red[0] > 200
    assert red[1] < 100
    assert "Dupont" not in answer.text
    shown = town.technician.get(f"/v1/devices/{device_id}/tests").json()
    assert shown["results"][0]["photo_ids"] == [document["id"]]
    for desk in (town.council, town.network, town.region, town.stranger):
        assert desk.get(f"/v1/documents/{document['id']}").status_code == 404
        assert desk.get(f"/v1/checks/{check['id']}/photos").status_code == 404


def test_what_is_no_photo_is_refused_with_a_reason(town: Town) -> None:
    device_id = take_in(town, "monitor")
    check = send(town, device_id, passes("monitor")["results"][0]).json()["results"][0]
    good = picture("PNG")
    gif = io.BytesIO()
    Image.new("RGB", (9, 9)).save(gif, "GIF")
    huge = io.BytesIO()
    Image.new("1", (9000, 9000)).save(huge, "PNG")
    for content, code in (
        (b"hello", "not_a_photo"),
        (b"", "not_a_photo"),
        (gif.getvalue(), "not_a_photo"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_a_photo"),
        (good[:120], "damaged_photo"),
        (huge.getvalue(), "photo_too_large"),
        (good + b"\0" * 15_000_000, "photo_too_large"),
    ):
        answer = town.technician.post(f"/v1/checks/{check['id']}/photos", files={"file": ("a.png", content)})
        assert answer.json()["code"] == code, (content[:20], answer.text)
    assert town.technician.get(f"/v1/checks/{check['id']}/photos").json()["items"] == []


def test_a_check_takes_six_photos_and_the_same_one_once(town: Town) -> None:
    device_id = take_in(town, "monitor")
    check = send(town, device_id, passes("monitor")["results"][0]).json()["results"][0]
    path = f"/v1/checks/{check['id']}/photos"
    for width in (200, 201, 202, 203, 204, 205, 205, 205):
        assert town.technician.post(path, files={"file": ("a.png", picture(width=width))}).status_code == 201
    answer = town.technician.post(path, files={"file": ("a.png", picture(width=300))})
    assert (answer.status_code, answer.json()["code"]) == (409, "enough_photos")
    assert len(town.technician.get(path).json()["items"]) == 6


def sheet_text(town: Town, device_id: str) -> tuple[str, str]:
    job = town.technician.done(town.technician.post(f"/v1/devices/{device_id}/test-sheets", {}))
    assert job["state"] == "succeeded", job
    document_id = job["result"]["document_id"]
    pdf = town.technician.get(f"/v1/documents/{document_id}/content").content
    with pypdfium2.PdfDocument(pdf) as opened:
        return "\n".join(page.get_textpage().get_text_range() for page in opened), document_id


def test_the_test_sheet_tells_every_check_and_names_nobody(town: Town) -> None:
    device_id = take_in(town, "laptop", serial="5CG8210XKZ")
    odd = {"check": "camera", "outcome": "fail", "note": "Remis à neuf par le client"}
    battery = {"check": "battery_health", "outcome": "pass", "value": "82"}
    send(town, device_id, *passes("laptop")["results"][:3], battery, odd)
    text, first = sheet_text(town, device_id)
    for expected in ("Fiche de test", "FT-", "5CG8210XKZ", "82 %", "défaut", "à faire", "pas fini ses tests"):
        assert expected in text, text
    assert "neuf" not in text
    assert "tech-1" not in text
    assert sheet_text(town, device_id)[1] == first
    send(town, device_id, *passes("laptop")["results"])
    text, second = sheet_text(town, device_id)
    assert "Tous les contrôles exigés sont faits" in text
    assert second != first
