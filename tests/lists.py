"""Donors' files made by hand, for the tests of imports: OpenDocument, archives of inventories, GLPI."""

import io
import json
import zipfile
from typing import Any
from xml.sax.saxutils import escape

ODS = "application/vnd.oasis.opendocument.spreadsheet"


def archive(files: dict[str, bytes | str], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


def ods_cell(value: object) -> str:
    """A cell as LibreOffice writes it: text, a number, or a date given as 2019-05-03 in a tuple."""
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, tuple):
        return _cell("date", f'office:date-value="{value[0]}"', "-")
    if isinstance(value, int | float):
        return _cell("float", f'office:value="{value}"', str(value))
    return _cell("string", "", escape(str(value)))


def _cell(kind: str, value: str, shown: str) -> str:
    return f'<table:table-cell office:value-type="{kind}" {value}><text:p>{shown}</text:p></table:table-cell>'


def ods_row(*values: object) -> str:
    """A row of such cells."""
    return f"<table:table-row>{''.join(ods_cell(value) for value in values)}</table:table-row>"


def ods(*sheets: str, declared: str = "") -> bytes:
    """A workbook of OpenDocument 1.3 whose sheets hold these rows, as XML; `declared` goes before the root."""
    names = {
        name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "table", "text", "manifest")
    }
    spaces = " ".join(f'xmlns:{name}="{address}"' for name, address in names.items())
    tables = "".join(f'<table:table table:name="Feuille{n}">{rows}</table:table>' for n, rows in enumerate(sheets, 1))
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS}"/>'
    return archive(
        {
            "mimetype": ODS,
            "META-INF/manifest.xml": f"{head}<manifest:manifest {spaces}>{entry}</manifest:manifest>",
            "content.xml": f"{head}{declared}<office:document-content {spaces}>"
            f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>",
        }
    )


def inventory(serial: str, **bios: str) -> dict[str, Any]:
    """A GLPI inventory of a laptop, as its agent sends it, with things in it that are not ours to know."""
    return {
        "deviceid": f"poste-{serial}-2024",
        "itemtype": "Computer",
        "content": {
            "versionclient": "GLPI-Agent_v1.7",
            "users": [{"login": "agent-1"}],
            "hardware": {"name": f"poste-{serial}", "chassis_type": "Notebook"},
            "bios": {"smanufacturer": "Dell Inc.", "smodel": "Latitude 5490", "ssn": serial, **bios},
        },
    }


def inventories(*values: Any) -> bytes:
    """These values as one JSON list."""
    return json.dumps(list(values)).encode()
