"""Agreements for tests: drafted, accepted by both sides, and what passes for a scan of a signed copy."""

import struct
import zlib
from typing import Any

from httpx import Response

from donating import submitted
from makers import Desk, Town

PUBLIC = {"legal_basis": "public_free_transfer", "required_erasure": "purge"}
WHOLE = {
    "decision_reference": "DEL-2026-041",
    "decision_date": "2026-02-12",
    "legal_basis_text": "CG3P art. L3212-2 3°",
    "unit_value": {"amount_minor": 15000, "currency": "EUR"},
    "classified": False,
    "special_security": False,
}
LINES = [{"category": "laptop", "quantity": 12, "description": "2019"}, {"category": "monitor", "quantity": 5}]
SCAN = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"
PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 64 + b"\xff\xd9"


def picture() -> bytes:
    """A PNG of one white pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00\xff")) + chunk(b"IEND", b"")


def path_of(donation: dict[str, Any]) -> str:
    return f"/v1/donations/{donation['id']}/agreement"


def declared(town: Town, **facts: Any) -> dict[str, Any]:
    """A public body's submitted donation with everything declared."""
    return submitted(town.council, **{**PUBLIC, "declarations": WHOLE, "lines": LINES, **facts})


def drafted(desk: Desk, donation: dict[str, Any]) -> dict[str, Any]:
    """The agreement once it is printed."""
    job = desk.done(desk.post(path_of(donation)))
    assert job["state"] == "succeeded", job
    shown = desk.get(path_of(donation)).json()
    assert shown["document_id"] == job["result"]["document_id"]
    return shown


def accept(desk: Desk, donation: dict[str, Any], **body: Any) -> Response:
    return desk.post(f"{path_of(donation)}/acceptances", json=body)


def send_copy(desk: Desk, donation: dict[str, Any], content: bytes, name: str = "scan.pdf") -> Response:
    return desk.post(f"{path_of(donation)}/signed-copies", files={"file": (name, content)})
