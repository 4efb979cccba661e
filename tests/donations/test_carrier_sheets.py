"""The carrier's sheet, read as its driver reads it: by its words, and by a camera over the rendered page."""

import io
import re
from typing import Any

import pypdfium2
import zxingcpp

from donating import accepted, planned
from donations.planners import AT_NINE, DAY, LAPTOPS, carrier, to_fetch, tour, vehicle
from makers import Desk, Town

PUBLIC = "https://reemploi.example/v1/collections/"
ACCESS = {"hours": "lun-ven 9h-12h", "stairs": "3 étages", "lift": False, "dock": True, "parking": "cour intérieure"}
HALL = {
    "name": "Hôtel de ville",
    "address": "1 place Jean-Bart, 59140 Dunkerque",
    "contact": "agent-1, 03 28 00 00 00",
    "access": ACCESS,
}
SCHOOL = {"name": "École", "address": "7 rue de l'École, 59240 Dunkerque"}


def sheet(desk: Desk, path: str) -> bytes:
    """The bytes of the sheet that was asked for."""
    job = desk.done(desk.post(f"{path}/sheet"))
    assert job["state"] == "succeeded", job
    return desk.get(f"/v1/documents/{job['result']['document_id']}/content").content


def pages(pdf: bytes) -> tuple[list[str], list[str]]:
    """The text of each page, and all QR codes as they are read from the pages at 150 dpi, in order."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    try:
        texts = [re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in document]
        images = [page.render(scale=150 / 72).to_pil() for page in document]
    finally:
        document.close()
    found = [sorted(zxingcpp.read_barcodes(image), key=lambda code: code.position.top_left.y) for image in images]
    return texts, [code.text for some in found for code in some]


def test_a_rounds_sheet_tells_the_driver_all_of_each_stop_in_order(town: Town) -> None:
    van = vehicle(town.lead)
    hall = to_fetch(town, sites=[HALL], required_erasure="destroy")
    firm = to_fetch(
        town,
        town.company,
        lines=[{"category": "monitor", "quantity": 4}],
        required_erasure="clear",
        collection_address="9 zone du Port, 59820 Gravelines",
        contact="agent-2",
    )
    this = tour(town, firm, hall, vehicle_id=van["id"], notes="Prendre deux transpalettes.")
    (text, *rest), codes = pages(sheet(town.lead, f"/v1/rounds/{this['id']}"))
    text = " ".join([text, *rest])
    assert codes == [PUBLIC + firm["id"], PUBLIC + hall["id"]]  # the town hall opens at nine
    for word in (
        "Feuille de route du transporteur", this["number"], "Fourgon 1", "Prendre deux transpalettes.",
        "1. Câbleries du Nord", "2. Ville de Grand-Port", "1 place Jean-Bart, 59140 Dunkerque",
        "agent-1, 03 28 00 00 00", "lun-ven 9h-12h", "3 étages", "Quai : oui", "Ascenseur : non", "cour intérieure",
        "Ordinateur portable 40", "Écran 4", "environ 66 kg", "environ 89 kg", "Destroy (destruction)",
        "ne pas laisser sans surveillance", "Aucun support de données attendu", "Réserves, contenants et scellés",
        "par code postal puis rue", "04/03/2030", "08:00", hall["number"], firm["number"],
    ):  # fmt: skip
        assert word in text.replace("\u00a0", " "), word
    assert text.index("zone du Port") < text.index("Jean-Bart")


def test_a_collections_own_sheet_has_its_addresses_and_counts_once(town: Town) -> None:
    one = planned(
        town,
        accepted(town, lines=LAPTOPS, sites=[HALL, SCHOOL]),
        planned_at=AT_NINE,
        expected=[{"category": "laptop", "quantity": 12}],
    )
    texts, codes = pages(sheet(town.lead, f"/v1/collections/{one['id']}"))
    assert codes == [PUBLIC + one["id"]] * 2
    text = " ".join(texts)
    assert text.count("Ordinateur portable") == 1
    assert "Suite d’une collecte" in text  # noqa: RUF001  # as printed
    assert "Ordinateur portable 12" in text
    assert "10:00 – 11:00" in text  # noqa: RUF001  # as printed: nine o'clock UTC in Paris, and an hour from then


def test_many_stops_are_all_there_and_every_code_can_be_read(town: Town) -> None:
    some = [to_fetch(town, collection_address=f"{n} rue du Port, 59140 Dunkerque") for n in range(10, 22)]
    this = tour(town, *some)
    texts, codes = pages(sheet(town.lead, f"/v1/rounds/{this['id']}"))
    assert len(texts) > 2
    assert codes == [PUBLIC + stop["collection_id"] for stop in this["stops"]]


def test_the_same_sheet_is_printed_once_and_a_change_prints_another(town: Town) -> None:
    one = to_fetch(town)
    this = tour(town, one)
    path = f"/v1/rounds/{this['id']}"

    def document() -> str:
        return town.lead.done(town.lead.post(f"{path}/sheet"))["result"]["document_id"]

    first = document()
    assert document() == first
    town.lead.ask("PATCH", path, json={"departs_at": f"{DAY}T05:00:00Z"})
    second = document()
    assert second != first
    numbers = [town.lead.get(f"/v1/documents/{one}").json()["number"] for one in (first, second)]
    assert [number[-6:] for number in numbers] == ["000001", "000002"]


def test_the_sheet_is_read_by_the_workshop_and_the_carrier_and_by_no_donor(town: Town) -> None:
    driver = carrier(town)
    one = to_fetch(town, collection_address="1 rue A", plan={"carrier_id": str(driver.organisation_id)})
    this = tour(town, one)
    for path in (f"/v1/rounds/{this['id']}", f"/v1/collections/{one['id']}"):
        assert b"%PDF" in sheet(driver, path)[:8]
        assert town.technician.post(f"{path}/sheet").status_code == 403
        assert town.stranger.post(f"{path}/sheet").status_code == 404
    assert town.council.post(f"/v1/collections/{one['id']}/sheet").status_code == 403
    assert town.council.get("/v1/documents").json()["items"] == []
    read: list[Any] = [town.lead.get("/v1/documents").json()["items"], driver.get("/v1/documents").json()["items"]]
    assert [len(items) for items in read] == [2, 2]


def test_no_sheet_is_printed_of_what_is_over(town: Town) -> None:
    one = to_fetch(town)
    this = tour(town, one)
    town.lead.post(f"/v1/rounds/{this['id']}/moves", {"to": "cancelled", "reason": "x"})
    assert town.lead.post(f"/v1/rounds/{this['id']}/sheet").json()["code"] == "round_ended"
    town.lead.post(f"/v1/collections/{one['id']}/moves", {"to": "cancelled", "reason": "x"})
    assert town.lead.post(f"/v1/collections/{one['id']}/sheet").json()["code"] == "not_planned"
