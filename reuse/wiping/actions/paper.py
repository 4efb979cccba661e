"""From a frozen certificate to the value that its PDF is drawn from: pure, so that anyone can draw it again."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from labels.values import (
    Destruction,
    ErasureCertificate,
    Evidence,
    Imprint,
    Item,
    Language,
    Medium,
    Party,
    Person,
    TimeConfirmation,
)

READ_AS = {"none": "NV", "last": "VL", "all": "VA"}
"""nwipe's own letters for its verification, in the last line of its table (spec/wiping.md)."""
DESTINATIONS = {
    "reuse": "réemploi dans l\u2019appareil d\u2019origine / reuse in the source device",
    "removed": "retiré de l\u2019appareil / removed from the device",
    "destroyed": "détruit / destroyed",
}
STATION = "poste / station"


def certificate_value(
    content: Mapping[str, Any], evidence: Mapping[str, bytes], *, canonical: bytes, signature: bytes
) -> ErasureCertificate:
    """The value to render; `evidence` gives the bytes of each file by its SHA-256. KeyError where one is missing."""
    zone = ZoneInfo(content["timezone"])
    return ErasureCertificate(
        imprint=_imprint(content, zone),
        medium=_medium(content),
        device=_device(content["device"]),
        donor=_party(content["donor"]),
        donation_number=content["donation_number"] or "—",
        method=content["method"],
        required_method=content["required_method"],
        technique=content["technique"],
        tool=content["tool"],
        tool_version=content["tool_version"] or "",
        rounds=content["rounds"],
        started_at=_moment(content["started_at"], zone),
        ended_at=_moment(content["ended_at"], zone),
        verification=content["verification"],
        verification_read_as=READ_AS.get(content["verification"], "") if content["tool"] == "nwipe" else "",
        verdict=content["verdict"],
        operator=_person(content["operation"], zone),
        validator=_person(content["validation"], zone),
        destination=": ".join(filter(None, (DESTINATIONS[content["destination"]], content["destination_detail"]))),
        evidence=_evidence(content, evidence),
        canonical_json=canonical,
        destruction=_destruction(content["destruction"], zone),
        notes=tuple(content["notes"]),
        standard=content["standard"],
        supersedes=content["supersedes"],
        json_signature=signature,
        signing_key=content["signing_key"]["fingerprint"],
        pdf_signing_key=content["pdf_signing_key"]["fingerprint"],
        time_confirmation=_time_confirmation(content.get("time_confirmation"), zone),
    )


def _imprint(content: Mapping[str, Any], zone: ZoneInfo) -> Imprint:
    return Imprint(
        number=content["number"],
        issued_at=datetime.fromisoformat(content["issued_at"]).astimezone(zone),
        issuer=_party(content["issuer"]),
        language=cast("Language", content["language"]),
        verification_address=content["verification_address"],
        trial=content["trial"],
    )


def _medium(content: Mapping[str, Any]) -> Medium:
    """The medium; where the capture knows no serial, the one of the report that a person matched."""
    medium = content["medium"]
    return Medium(
        manufacturer=medium["manufacturer"] or "",
        model=medium["model"] or "",
        serial=medium["serial"] or content["report_serial"] or "",
        kind=medium["kind"],
        size_bytes=medium["size_bytes"],
        asset_tag=content["device"]["asset_tag"] or "",
        soldered=medium["soldered"],
    )


def _device(device: Mapping[str, Any]) -> Item:
    names = ("code", "category", "manufacturer", "model", "serial", "asset_tag")
    return Item(**{name: device[name] or "" for name in names})


def _evidence(content: Mapping[str, Any], files: Mapping[str, bytes]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(one["name"], one["media_type"], files[one["sha256"]], one["sha256"], one["format"])
        for one in content["evidence"]
    )


def _moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(zone) if text else None


def _party(one: Mapping[str, Any]) -> Party:
    return Party(one["name"], tuple(one["lines"]))


def _person(one: Mapping[str, Any], zone: ZoneInfo) -> Person:
    return Person(one["name"] or STATION, one["title"], _moment(one["at"], zone), one["place"])


def _time_confirmation(one: Mapping[str, Any] | None, zone: ZoneInfo) -> TimeConfirmation | None:
    if one is None:
        return None
    ended_at = datetime.fromisoformat(one["ended_at"]).astimezone(zone)
    return TimeConfirmation(_person(one, zone), one["timezone"], ended_at)


def _destruction(one: Mapping[str, Any] | None, zone: ZoneInfo) -> Destruction | None:
    if one is None:
        return None
    size = Decimal(one["particle_size_mm"]) if one["particle_size_mm"] else None
    witness = Person(one["witness"], at=_moment(one["at"], zone)) if one["witness"] else None
    return Destruction(one["method"], size, witness)
