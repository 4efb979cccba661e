"""The workshop's floor, for tests: take a machine in, pass its checks, take a picture of it."""

import io
from typing import Any

from PIL import Image

from makers import Town
from reuse.workshop.rules import load_test_templates


def take_in(town: Town, category: str = "laptop", **more: Any) -> str:
    """The id of a device that is being worked on."""
    answer = town.lead.post("/v1/devices", {"category": category, **more})
    assert answer.status_code == 201, answer.text
    device_id: str = answer.json()["id"]
    assert town.technician.post(f"/v1/devices/{device_id}/moves", {"to": "in_workshop"}).status_code == 200
    return device_id


def device(town: Town, device_id: str) -> dict[str, Any]:
    """The device as the lead sees it."""
    found: dict[str, Any] = town.lead.get(f"/v1/devices/{device_id}").json()
    return found


def met(town: Town, device_id: str) -> set[str]:
    """The milestones that count as met."""
    return {name for name, value in device(town, device_id)["milestones"].items() if value is not None}


def passes(category: str, **other: str) -> dict[str, Any]:
    """A pass for every required check of the shipped template, or another outcome where it is named."""
    checks = [check.code for check in load_test_templates()[category].checks if check.required]
    return {"results": [{"check": code, "outcome": other.get(code, "pass"), "note": "seen"} for code in checks]}


def picture(kind: str = "JPEG", *, width: int = 300, height: int = 200, secret: str = "") -> bytes:
    """A picture with a red corner at its top left, and a secret in its EXIF data and behind its end."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("red", (0, 0, width // 4, height // 4))
    exif = Image.Exif()
    exif[0x010E] = secret or "plain"  # ImageDescription
    exif[0x8825] = {1: "N", 2: (51.0, 2.0, 3.0), 3: "E", 4: (2.0, 22.0, 3.0)}  # GPS
    out = io.BytesIO()
    image.save(out, kind, exif=exif)
    return out.getvalue() + (secret.encode() if kind == "JPEG" else b"")
