"""The road of a donation, for tests: register, submit, accept, list, fetch, receive; with donors' lists."""

import io
import zipfile
from typing import Any

from httpx import Response

from makers import Desk, Town

ACCEPT = {"to": "accepted"}
AT = "2026-03-02T09:30:00+01:00"
HEADER = "Catégorie;Marque;Modèle;N° de série;N° inventaire;Quantité"


def draft(desk: Desk, **facts: Any) -> dict[str, Any]:
    """A donation just registered."""
    body = {"legal_basis": "company_gift", "required_erasure": "purge", "lines": [], **facts}
    answer = desk.post("/v1/donations", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def submitted(desk: Desk, **facts: Any) -> dict[str, Any]:
    """A donation that its donor has submitted."""
    answer = desk.post(f"/v1/donations/{draft(desk, **facts)['id']}/moves", json={"to": "submitted"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def accepted(town: Town, donor: Desk | None = None, **facts: Any) -> dict[str, Any]:
    """A donation that the town's workshop has accepted."""
    donation = submitted(donor or town.council, **facts)
    answer = town.lead.post(f"/v1/donations/{donation['id']}/moves", json=ACCEPT)
    assert answer.status_code == 200, answer.text
    return answer.json()


def laptops(count: int, *, first: int = 1) -> str:
    """A list of laptops with serials SN-00001… and asset tags."""
    rows = [f"portable;Dell;Latitude 5490;SN-{n:05d};INV-{n:05d};" for n in range(first, first + count)]
    return "\n".join([HEADER, *rows]) + "\n"


def send(desk: Desk, donation: dict[str, Any], content: str | bytes, **fields: str) -> Response:
    """Post a list to a donation."""
    raw = content.encode() if isinstance(content, str) else content
    return desk.post(f"/v1/donations/{donation['id']}/imports", files={"file": ("liste.csv", raw)}, data=fields)


def listed(desk: Desk, donation: dict[str, Any], content: str | bytes, **fields: str) -> dict[str, Any]:
    """The result of an import that succeeded."""
    job = desk.done(send(desk, donation, content, **fields))
    assert job["state"] == "succeeded", job
    return job["result"]


def planned(town: Town, *donations: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """A collection of accepted donations."""
    body = {"donation_ids": [one["id"] for one in donations], "mode": "pickup", "planned_at": AT, **facts}
    answer = town.lead.post("/v1/collections", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def picked_up(town: Town, collection: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """The collection once its devices are signed away."""
    signatures = [{"role": "donor", "name": "agent-1"}, {"role": "carrier", "name": "chauffeur-1"}]
    body = {"at": AT, "signatures": signatures, **facts}
    answer = town.lead.post(f"/v1/collections/{collection['id']}/pickup", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def receive(town: Town, collection: dict[str, Any], **facts: Any) -> Response:
    """The answer to a reception."""
    return town.lead.post(f"/v1/collections/{collection['id']}/reception", json={"at": AT, **facts})


def workbook(rows: list[list[str]]) -> bytes:
    """A minimal XLSX with inline strings (ECMA-376, 18.3.1.53), made by hand."""
    cells = "".join(
        f'<row r="{r}">'
        + "".join(f'<c r="{chr(65 + c)}{r}" t="inlineStr"><is><t>{value}</t></is></c>' for c, value in enumerate(row))
        + "</row>"
        for r, row in enumerate(rows, 1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{types}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}">'
        '<sheets><sheet name="Liste" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return out.getvalue()
