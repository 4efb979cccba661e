"""Label formats that a workshop describes itself."""

import json
from typing import Any
from uuid import UUID

from makers import Town, make_key, make_organisation
from printing import pages, scanned
from reuse.devices.actions.label_formats import MAX_OWN_FORMATS
from reuse.devices.models import OwnLabelFormat
from reuse.people.rules import Activity, Quality, Role
from reuse.transactions import in_transaction

FORTY: dict[str, Any] = {
    "title": "Planche de 40",
    "kind": "pdf",
    "width_mm": 48.5,
    "height_mm": 25.4,
    "sheet": {"columns": 4, "rows": 10, "left_mm": 8, "top_mm": 21.5, "pitch_x_mm": 48.5, "pitch_y_mm": 25.4},
}


def faults(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 400, answer.text
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


def test_an_own_format_is_listed_after_the_others_and_printed_on(town: Town) -> None:
    made = town.technician.post("/v1/label-formats", json=FORTY)
    assert made.status_code == 201, made.text
    own = made.json()
    assert (own["per_page"], own["own"], own["symbology"]) == (40, True, "qr")
    items = town.lead.get("/v1/label-formats").json()["items"]
    assert items[-1] == own
    assert items[0]["id"] == "a4-24"
    order = {"blank": 3, "format": own["id"], "start_at": 39}
    job = town.technician.done(town.technician.post("/v1/labels", json=order))
    content = town.technician.get(f"/v1/documents/{job['result']['document_id']}/content").content
    assert [len(scanned(page)) for page in pages(content, 203)] == [2, 1]
    beyond = town.technician.post("/v1/labels", json={**order, "start_at": 41})
    assert faults(beyond) == [("/start_at", "bad_start")]


def test_an_own_roll_prints_its_own_symbol_in_zpl(town: Town) -> None:
    roll = {"title": "Bijou 30 × 10", "kind": "zpl", "width_mm": 30, "height_mm": 10, "dpi": 300}  # noqa: RUF001  # a size
    own = town.technician.post("/v1/label-formats", json={**roll, "symbology": "datamatrix"}).json()
    job = town.technician.done(town.technician.post("/v1/labels", json={"blank": 2, "format": own["id"]}))
    content = town.technician.get(f"/v1/documents/{job['result']['document_id']}/content").content
    assert content.count(b"^XA^PW354^LL118") == 2


def test_a_format_that_cannot_be_printed_is_refused_with_each_reason(town: Town) -> None:
    def describe(**changes: Any) -> Any:
        return town.technician.post("/v1/label-formats", json={**FORTY, **changes})

    assert faults(describe(width_mm=50)) == [
        ("/sheet/pitch_x_mm", "labels_overlap"),
    ]
    assert faults(describe(sheet={**FORTY["sheet"], "rows": 11})) == [("/sheet/rows", "labels_off_the_sheet")]
    assert faults(describe(kind="zpl")) == [("/dpi", "dpi_missing"), ("/sheet", "sheet_on_a_roll")]
    small = describe(width_mm=15, height_mm=8)
    assert faults(small) == [("/width_mm", "label_too_small")]
    assert "need 21 × 10 mm at least" in small.json()["errors"][0]["message"]  # noqa: RUF001  # a size
    endless = json.dumps({**FORTY, "width_mm": 999}).replace("999", "1e400")
    json_type = {"content-type": "application/json"}
    assert town.technician.post("/v1/label-formats", content=endless, headers=json_type).status_code == 400
    assert describe(title=" ").status_code == 400
    assert [one["own"] for one in town.lead.get("/v1/label-formats").json()["items"]].count(True) == 0


def test_a_symbol_too_large_for_a_small_label_is_refused_when_asked_for(town: Town) -> None:
    small = {"title": "Petite", "kind": "pdf", "width_mm": 18, "height_mm": 8, "symbology": "datamatrix"}
    own = town.technician.post("/v1/label-formats", json=small)
    assert own.status_code == 201, own.text
    order = {"blank": 1, "format": own.json()["id"], "symbology": "qr"}
    assert faults(town.technician.post("/v1/labels", json=order)) == [("/symbology", "label_too_small")]


def test_another_workshops_format_is_unknown(town: Town) -> None:
    own = town.technician.post("/v1/label-formats", json=FORTY).json()
    other = make_organisation(town.house, "Atelier voisin", Activity.workshop, quality=Quality.general_interest)
    key = make_key(town.house, other, person="tech-9", roles=[Role.technician])
    neighbour = type(town.technician)(town.client, key, other.id)
    assert [one["id"] for one in neighbour.get("/v1/label-formats").json()["items"]].count(own["id"]) == 0
    answer = neighbour.post("/v1/labels", json={"blank": 1, "format": own["id"]})
    assert faults(answer) == [("/format", "unknown_label_format")]
    assert town.council.post("/v1/label-formats", json=FORTY).status_code == 403


def test_a_workshop_keeps_a_hundred_formats_at_most(town: Town) -> None:
    own = town.technician.post("/v1/label-formats", json=FORTY).json()

    def fill(session: Any) -> None:
        row = session.get(OwnLabelFormat, UUID(own["id"]))
        for n in range(MAX_OWN_FORMATS - 1):
            session.add(OwnLabelFormat(**{**row.model_dump(), "id": UUID(int=n)}))

    in_transaction(town.house.database, fill)
    answer = town.technician.post("/v1/label-formats", json=FORTY)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many")
