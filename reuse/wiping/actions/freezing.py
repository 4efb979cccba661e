"""What a certificate says, drawn once from the rows and frozen: everything that its PDF shows is in here."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any
from uuid import UUID
from zlib import ZLIB_RUNTIME_VERSION

from sqlmodel import Session

from reuse.devices.models import Device, Medium
from reuse.devices.queries import codes_of
from reuse.donations.queries import donation_of
from reuse.people.models import Organisation, Territory
from reuse.people.queries import organisation
from reuse.wiping.models import Disposal, ErasureReport, ReportItem, Sanitization

SCHEMA = "filiere-erasure-certificate/1"
STANDARD = "NIST SP 800-88 Rev. 2 (09/2025)"
OVERWRITING = frozenset({"nwipe", "shredos", "ereuse-workbench", "blancco"})
DATA_SECURITY = "sécurité des données / data security"
FLASH = frozenset({"ssd_sata", "ssd_nvme", "emmc", "ufs", "sd", "usb"})


@dataclass(frozen=True, slots=True)
class Facts:
    """The rows that one certificate is drawn from."""

    sanitization: Sanitization
    outcome: dict[str, Any]
    device: Device
    medium: Medium
    item: ReportItem | None
    report: ErasureReport | None
    disposal: Disposal | None


def facts_for(session: Session, sanitization: Sanitization, medium_id: UUID) -> Facts:
    """Read what was accepted of this medium; report and disposal are those of then, whatever came since."""
    outcome = next(one for one in sanitization.media if one["medium_id"] == str(medium_id))
    item = session.get_one(ReportItem, UUID(outcome["item_id"])) if outcome["item_id"] else None
    return Facts(
        sanitization=sanitization,
        outcome=outcome,
        device=session.get_one(Device, sanitization.device_id),
        medium=session.get_one(Medium, medium_id),
        item=item,
        report=session.get_one(ErasureReport, item.report_id) if item else None,
        disposal=session.get_one(Disposal, UUID(outcome["disposal_id"])) if outcome["disposal_id"] else None,
    )


@cache
def renderer() -> str:
    """What turns the frozen value into a PDF: the same names and versions give the same bytes."""
    parts = ("filiere", "weasyprint", "pydyf", "fonttools", "jinja2", "pyhanko")
    return "; ".join([*(f"{name} {version(name)}" for name in parts), f"zlib {ZLIB_RUNTIME_VERSION}"])


def frozen(session: Session, facts: Facts, imprint: dict[str, Any]) -> dict[str, Any]:
    """The certificate's content as plain JSON values; `imprint` holds number, time, address and key."""
    device = facts.device
    issuer = organisation(session, facts.sanitization.organisation_id)
    donor = organisation(session, device.donor_id) if device.donor_id else None
    donation = donation_of(session, device)
    territory = session.get_one(Territory, device.territory_id)
    return {
        "schema": SCHEMA,
        **imprint,
        "renderer": renderer(),
        "standard": STANDARD,
        "language": territory.language if territory.language in {"fr", "en"} else "fr",
        "timezone": territory.timezone,
        "issuer": _party(issuer),
        "donor": _party(donor) if donor else {"name": "", "lines": []},
        "donation_number": donation.number if donation else "",
        "medium": _medium(facts.medium),
        "device": _device(session, device),
        **_deed(facts),
        "validation": {
            "name": facts.sanitization.person,
            "title": DATA_SECURITY,
            "at": facts.sanitization.at,
            "place": issuer.name,
        },
        "operation": _operator(facts, issuer.name),
        "time_confirmation": _time_confirmation(facts, issuer.name),
        "policy": facts.sanitization.policy,
        "evidence": _evidence(facts),
        "notes": _notes(facts),
    }


def _party(one: Organisation) -> dict[str, Any]:
    return {"name": one.name, "lines": [f"SIRET {one.siret}"] if one.siret else []}


def _medium(medium: Medium) -> dict[str, Any]:
    fields = {"id", "manufacturer", "model", "serial", "kind", "size_bytes", "soldered", "source"}
    return medium.model_dump(include=fields)


def _device(session: Session, device: Device) -> dict[str, Any]:
    codes = codes_of(session, [device.id])[device.id]
    named = {code.kind: code.value for code in codes if code.live and code.kind in {"label", "asset_tag"}}
    fields = {"id", "category", "manufacturer", "model", "serial"}
    return {**device.model_dump(include=fields), "code": named.get("label"), "asset_tag": named.get("asset_tag")}


def _deed(facts: Facts) -> dict[str, Any]:
    """What was done to the medium and how it was checked, in the words of the API."""
    said = {"required_method": facts.sanitization.required_level, "method": facts.outcome["level"]}
    item, disposal = facts.item, facts.disposal
    if item is not None:
        kept = disposal is not None and disposal.kind == "removed"
        fields = {"technique", "tool", "tool_version", "rounds", "started_at", "ended_at", "verification", "verdict"}
        return {
            **said,
            **item.model_dump(include=fields),
            "reasons": [*item.reasons, *item.match_reasons],
            "matched_by": item.matched_by,
            "report_serial": item.serial,
            "destruction": None,
            "destination": "removed" if kept else "reuse",
            "destination_detail": disposal.reason if kept and disposal else None,
        }
    if disposal is None:  # the gate lets nothing else through
        raise AssertionError(f"medium {facts.medium.id} was accepted without report or disposal")
    return {
        **said,
        "technique": disposal.method,
        "tool": "",
        "tool_version": None,
        "rounds": None,
        "started_at": None,
        "ended_at": disposal.at,
        "verification": "declared",
        "verdict": "pass",
        "reasons": [],
        "matched_by": None,
        "report_serial": None,
        "destruction": disposal.model_dump(include={"method", "particle_size_mm", "witness", "reason", "at"}),
        "destination": "destroyed",
        "destination_detail": None,
    }


def _operator(facts: Facts, place: str) -> dict[str, Any]:
    if facts.item is not None and facts.report is not None:
        return {"name": facts.report.person, "title": "", "at": facts.item.ended_at, "place": place}
    return {
        "name": facts.disposal.person if facts.disposal else None,
        "title": "",
        "at": facts.disposal.at if facts.disposal else None,
        "place": place,
    }


def _time_confirmation(facts: Facts, place: str) -> dict[str, Any] | None:
    """Who answered for the zone in which the report's clock was read, where another would end the wipe earlier."""
    item, report = facts.item, facts.report
    if item is None or report is None or item.time_confirmed_by is None:
        return None
    return {
        "name": item.time_confirmed_by,
        "title": DATA_SECURITY,
        "at": item.time_confirmed_at,
        "place": place,
        "timezone": report.timezone,
        "ended_at": item.ended_at,
        "otherwise_ended_at": item.earliest_end_at,
        "reason": item.time_note,
    }


def _evidence(facts: Facts) -> list[dict[str, Any]]:
    report, item = facts.report, facts.item
    if report is None or item is None:
        return []
    return [
        {
            "name": report.file_name or f"report-{report.sha256[:12]}",
            "media_type": report.media_type,
            "format": report.format,
            "sha256": report.sha256,
            "size": report.size,
            "report_id": report.id,
            "item": item.index,
            "received_at": report.received_at,
            "timezone": report.timezone,
            "timezone_assumed": report.timezone_assumed,
        }
    ]


def _notes(facts: Facts) -> list[str]:
    """Codes of labels/words.json (`certnote.…`) that a reader of this certificate must know of."""
    item, report, medium = facts.item, facts.report, facts.medium
    notes = ["manual_capture"] if medium.source == "manual" else []
    notes += ["two_persons"] if facts.sanitization.policy["two_persons"] else []
    if item is None or report is None:
        return notes
    holds = {
        "page_cache": item.tool in {"nwipe", "shredos"} and item.verification in {"last", "all"},
        "hidden_areas": item.tool in {"nwipe", "shredos"} and medium.kind in {"hdd", "ssd_sata"},
        "overwrite_flash": medium.kind in FLASH and item.method == "clear" and item.tool in OVERWRITING,
        "not_verified_accepted": item.verification == "none",
        "vendor_signature_unchecked": "vendor_signature_not_checked" in item.reasons or item.tool == "blancco",
        "timezone_assumed": report.timezone_assumed,
        "declared": report.format == "checklist",
        "human_match": item.matched_by == "person",
        "serial_truncated": item.matched_by == "truncated",
    }
    return [*notes, *(code for code, holds_here in holds.items() if holds_here)]
