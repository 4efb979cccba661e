"""How a list's headers are understood: by their words, as the donor says, as the donor said last time."""

import json
from typing import Any

import pytest

from donating import draft, laptops, listed, send
from lists import ods, ods_row
from makers import Desk, Town

ODD = "Ref interne;Truc;Machin;Bureau\nSN-{0};portable;Latitude 5490;B12\nSN-{1};écran;E24;B13\n"
MAPPING = {"Ref interne": "serial", "Truc": "category", "Machin": "model"}


def preview(desk: Desk, donation: dict[str, Any], content: str | bytes, **fields: str) -> Any:
    raw = content.encode() if isinstance(content, str) else content
    path = f"/v1/donations/{donation['id']}/imports/preview"
    return desk.post(path, files={"file": ("liste.csv", raw)}, data=fields)


def seen(desk: Desk, donation: dict[str, Any], content: str | bytes, **fields: str) -> dict[str, Any]:
    answer = preview(desk, donation, content, **fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_mapping_wins_over_what_the_headers_say_and_is_told(town: Town) -> None:
    donation = draft(town.council)
    content = "N° de série;Étiquette;Type\nINV-1;SN-1;laptop\n"
    mapping = {"N° de série": "asset_tag", "Étiquette": "serial"}
    result = listed(town.council, donation, content, mapping=json.dumps(mapping))
    assert result["detected"] == {
        "kind": "csv",
        "encoding": "utf-8",
        "separator": ";",
        "sheet": None,
        "header_row": 1,
        "columns": [
            {"header": "N° de série", "column": "asset_tag", "how": "given"},
            {"header": "Étiquette", "column": "serial", "how": "given"},
            {"header": "Type", "column": "category", "how": "words"},
        ],
        "unknown": [],
    }
    assert "SN-1" in [one["code"] for one in codes(town, result)]


def codes(town: Town, result: dict[str, Any]) -> list[dict[str, str]]:
    """The serial codes of the devices that an import brought."""
    (first, *_) = town.council.get(result["device_ids_url"]).json()["items"]
    device = town.council.get(f"/v1/devices/{first['device_id']}").json()
    return [{"code": one["value"]} for one in device["codes"] if one["kind"] == "serial"]


def test_a_list_whose_headers_mean_nothing_is_taken_in_by_its_mapping_which_is_remembered(town: Town) -> None:
    first, second = draft(town.council), draft(town.council)
    assert send(town.council, first, ODD.format(1, 2)).json()["code"] == "no_header"
    result = listed(town.council, first, ODD.format(1, 2), mapping=json.dumps(MAPPING))
    assert (result["accepted"], result["detected"]["unknown"]) == (2, ["Bureau"])
    other_order = "BUREAU;machin;truc;ref interne\nB12;Latitude 5490;portable;SN-3\n"
    again = listed(town.council, second, other_order)
    assert again["accepted"] == 1
    assert [(one["column"], one["how"]) for one in again["detected"]["columns"]] == [
        ("model", "remembered"),
        ("category", "remembered"),
        ("serial", "remembered"),
    ]
    assert seen(town.council, second, other_order)["rows"][0]["values"]["serial"] == "SN-3"


def test_what_one_donor_says_is_nothing_to_another(town: Town) -> None:
    listed(town.council, draft(town.council), ODD.format(1, 2), mapping=json.dumps(MAPPING))
    assert send(town.company, draft(town.company), ODD.format(1, 2)).json()["code"] == "no_header"


def test_a_dry_run_teaches_nothing_and_an_empty_mapping_forgets(town: Town) -> None:
    donation = draft(town.council)
    told = json.dumps(MAPPING)
    assert listed(town.council, donation, ODD.format(1, 2), mapping=told, dry_run="true")["accepted"] == 2
    assert send(town.council, donation, ODD.format(1, 2)).json()["code"] == "no_header"
    content = "Réf;Type\nSN-1;laptop\n"
    listed(town.council, donation, content, mapping='{"Réf": "serial"}')
    listed(town.council, donation, content, mapping="{}")
    how = [one["how"] for one in listed(town.council, donation, content)["detected"]["columns"]]
    assert how == ["words"]


def test_null_makes_a_note_of_a_column_that_would_be_ours(town: Town) -> None:
    content = "Type;Modèle;État\nlaptop;T480;Bureau 3\n"
    shown = seen(town.council, draft(town.council), content, mapping='{"État": null}')
    assert shown["rows"][0]["notes"] == {"État": "Bureau 3"}
    assert "condition" not in shown["rows"][0]["values"]
    assert {"header": "État", "column": None, "how": "given"} in shown["detected"]["columns"]


@pytest.mark.parametrize(
    ("mapping", "code", "place"),
    [
        ('{"Colour": "serial"}', "unknown_header", "/mapping/Colour"),
        ('{"a/b~c": "serial"}', "unknown_header", "/mapping/a~1b~0c"),
        ('{"Truc": "colour"}', "unknown_column", "/mapping/Truc"),
        ('{"Truc": "category", "Machin": "category"}', "column_twice", "/mapping/Machin"),
        ('{"Truc": 3}', None, "/mapping/Truc"),
        ("[1]", "wrong_type", "/mapping"),
        ("nothing", "invalid_json", "/mapping"),
        ('"category"', "wrong_type", "/mapping"),
        ('{"Truc": "category", "Machin": null}' + " x", "invalid_json", "/mapping"),
    ],
)
@pytest.mark.parametrize("door", ["imports", "imports/preview"])
def test_a_mapping_that_does_not_fit_is_refused_with_its_place(
    town: Town, door: str, mapping: str, code: str | None, place: str
) -> None:
    donation = draft(town.council)
    content = ODD.format(1, 2).replace("Truc", "Type").replace("Type", "Truc").encode()
    path = f"/v1/donations/{donation['id']}/{door}"
    answer = town.council.post(path, files={"file": ("liste.csv", content)}, data={"mapping": mapping})
    assert answer.status_code == 400, answer.text
    errors = answer.json()["errors"]
    assert place in [one["pointer"] for one in errors], errors
    assert code is None or answer.json()["code"] == code
    assert town.council.get(f"/v1/donations/{donation['id']}").json() == donation


def test_a_mapping_is_checked_on_the_spot_for_a_long_list_too(town: Town) -> None:
    answer = send(town.council, draft(town.council), laptops(8_000), mapping='{"Colour": "serial"}')
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_header")


def test_a_look_at_a_list_shows_values_faults_and_detection_and_changes_nothing(town: Town) -> None:
    donation = draft(town.council)
    content = (
        "Type;N° de serie;IMEI;Date d'achat;Qté;Bureau\n"
        "PC portable;To be filled by O.E.M.;;03/05/2019;2,0;B12\n"
        "grille-pain;SN-2;123;;;\n"
    )
    shown = seen(town.council, donation, content.encode("cp1252"))
    first, second = shown["rows"]
    assert first == {
        "row": 2,
        "values": {"category": "laptop", "year": 2019, "quantity": 2},
        "notes": {"Bureau": "B12", "serial_ignored": "To be filled by O.E.M."},
        "faults": [],
    }
    assert [(one["column"], one["code"]) for one in second["faults"]] == [
        ("IMEI", "impossible_imei"),
        ("Type", "unknown_category"),
    ]
    assert shown["detected"]["unknown"] == ["Bureau"]
    assert shown["mapping"]["Bureau"] is None
    assert shown["trouble"] == []
    assert town.council.get(f"/v1/donations/{donation['id']}").json() == donation


def test_a_look_proposes_a_mapping_that_can_be_sent_as_it_is(town: Town) -> None:
    donation = draft(town.council)
    content = "Categorei;Numéro de sérei;Truc\nlaptop;SN-1;x\n"
    shown = seen(town.council, donation, content)
    assert shown["mapping"] == {"Categorei": "category", "Numéro de sérei": "serial", "Truc": None}
    assert [one["code"] for one in shown["trouble"]] == ["no_header"]
    assert listed(town.council, donation, content, mapping=json.dumps(shown["mapping"]))["accepted"] == 1


def test_a_look_at_a_sheet_shows_so_many_rows_as_asked_for(town: Town) -> None:
    rows = "".join(ods_row("laptop", f"SN-{n}") for n in range(60))
    content = ods(ods_row("Type", "Série") + rows)
    assert len(seen(town.council, draft(town.council), content)["rows"]) == 20
    assert len(seen(town.council, draft(town.council), content, rows="50")["rows"]) == 50
    answer = preview(town.council, draft(town.council), content, rows="5000")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/rows")


def test_a_list_that_breaks_further_down_shows_what_stands_above(town: Town) -> None:
    shown = seen(town.council, draft(town.council), laptops(30) + '"laptop;never closed\n', rows="100")
    assert len(shown["rows"]) == 30
    assert [one["code"] for one in shown["trouble"]] == ["broken_quotes"]


def test_only_those_who_may_send_a_list_may_look_at_one(town: Town) -> None:
    donation = draft(town.council)
    for name, status in (("company", 404), ("network", 404), ("technician", 404), ("region", 403), ("operator", 403)):
        assert preview(getattr(town, name), donation, laptops(1)).status_code == status, name
