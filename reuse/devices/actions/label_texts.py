import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from labels.values import Label, Named
from reuse.devices.models import Code, Device, LabelOfRun
from reuse.devices.queries import CHUNK
from reuse.devices.rules import categories
from reuse.people.models import Organisation

_LONGEST_CODE = "WWWW-WWWW-WWW"  # of letters: digits take less room in a Data Matrix


@dataclass(frozen=True, slots=True)
class Wording:
    """In which language (none, fr, en or ar) a label says what it says, and whether it names the workshop."""

    language: str | None = None
    with_organisation: bool = False


@cache
def _words() -> dict[str, Any]:
    return json.loads(resources.files("reuse.data").joinpath("label_words.json").read_text("utf-8"))


def longest_label(public_url: str) -> Label:
    """A label whose symbol is as large as any of this installation gets."""
    domain = public_url.split("://", 1)[-1]
    return Label(f"{public_url}/d/{_LONGEST_CODE}", _LONGEST_CODE, domain)


def labels_of_run(
    session: Session, run_id: UUID, organisation_id: UUID | None, wording: Wording, *, public_url: str
) -> tuple[Label, ...]:
    """The labels of a run in order: the address that finds the device, and what tells it from its like."""
    statement = (
        select(Code, Device)
        .join(LabelOfRun, col(LabelOfRun.code_id) == col(Code.id))
        .join(Device, col(Device.id) == col(Code.device_id), isouter=True)
        .where(LabelOfRun.run_id == run_id)
        .order_by(col(LabelOfRun.place))
    )
    found: list[tuple[Code, Device | None]] = list(session.exec(statement))
    imeis = _imeis(session, [device.id for _, device in found if device and not device.serial])
    domain = public_url.split("://", 1)[-1]
    workshop = session.get(Organisation, organisation_id) if wording.with_organisation else None
    last = (workshop.name,) if workshop else ()
    return tuple(
        Label(
            f"{public_url}/d/{code.value}",
            code.value,
            domain,
            _lines(device, imeis.get(code.device_id), wording.language) + last,
        )
        for code, device in found
    )


def _imeis(session: Session, device_ids: Sequence[UUID]) -> dict[UUID | None, str]:
    """What tells phones apart that have no serial number."""
    found: dict[UUID | None, str] = {}
    for start in range(0, len(device_ids), CHUNK):
        some = device_ids[start : start + CHUNK]
        for code in session.exec(select(Code).where(col(Code.device_id).in_(some), Code.kind == "imei")):
            found.setdefault(code.device_id, code.value)
    return found


def _lines(device: Device | None, imei: str | None, language: str | None) -> tuple[str | Named, ...]:
    if device is None:
        return ()
    words = _words()["languages"][language or "any"]
    name = " ".join(part for part in (device.manufacturer, device.model) if part) or _category(device, language)
    lines: list[str | Named] = [name] if name else []
    if device.serial:
        lines.append(Named(words["serial"], device.serial))
    elif imei:
        lines.append(Named(words["imei"], imei))
    return tuple(lines)


def _category(device: Device, language: str | None) -> str:
    """What kind of thing it is, for one whose maker nobody has read yet; said only where a language is."""
    if language is None:
        return ""
    if language == "ar":
        return _words()["categories_ar"].get(device.category, "")
    return str(categories()[device.category]["titles"][language])
