"""What a stranger sees who scans a label."""

from donating import accepted, listed
from makers import Town


def labelled(town: Town) -> str:
    device = town.lead.post("/v1/devices", {"category": "laptop", "serial": "SECRET-SERIAL-1"}).json()
    job = town.technician.done(town.technician.post("/v1/labels", {"device_ids": [device["id"]], "format": "a4-24"}))
    assert job["state"] == "succeeded"
    codes = town.lead.get(f"/v1/devices/{device['id']}").json()["codes"]
    return next(code["value"] for code in codes if code["kind"] == "label")


def test_a_scanned_label_says_whose_loop_it_is_and_nothing_else(town: Town) -> None:
    code = labelled(town)
    for written in (code, code.lower().replace("-", "")):
        answer = town.client.get(f"/d/{written}")
        assert answer.status_code == 200
        assert "Atelier Deuxième Souffle" in answer.text
        assert "SECRET-SERIAL-1" not in answer.text
        assert "Grand-Port" not in answer.text
        assert "script" not in answer.headers["content-security-policy"]


def test_an_unknown_code_and_a_serial_find_no_card(town: Town) -> None:
    listed(town.council, accepted(town), "Catégorie;N° de série\nportable;SN-OPEN-1\n")
    for code in ("7K3M-9QX2-BV4", "SN-OPEN-1", "<script>alert(1)</script>", "%00"):
        answer = town.client.get(f"/d/{code}")
        assert answer.status_code in {400, 404}
        assert "<script>alert" not in answer.text
