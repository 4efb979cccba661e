from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.devices.models import Device
from reuse.documents.actions import next_number
from reuse.documents.queries import document_for
from reuse.errors import Conflict, Fault, Invalid
from reuse.exports.actions.moving import change_export, check_open, check_version, free_lines, move_export
from reuse.exports.models import Export, ExportLine
from reuse.exports.queries import counting, lines_of, locked_export
from reuse.exports.rules import ExportStatus, hazard_faults
from reuse.history.actions import record
from reuse.people.models import Territory
from reuse.people.queries import known_organisation
from reuse.people.rules import Caller, Role, require_person, require_role
from reuse.reservations.queries import lines_of as reservation_lines
from reuse.reservations.queries import reservation_for


@dataclass(frozen=True, slots=True)
class Consignee:
    """Who the load goes to: an organisation known here, or a name and a country; the address as the papers bear it."""

    organisation_id: UUID | None = None
    name: str | None = None
    address: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What somebody found of hazardous substances in these devices; nothing found is an evaluation too."""

    device_ids: tuple[UUID, ...]
    found: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Papers:
    """What is said of a load; None says nothing, and leaves what was said before."""

    workshop_address: str | None = None
    consignee_address: str | None = None
    contract: Mapping[str, Any] | None = None
    declaration: Mapping[str, bool] | None = None
    packing: Mapping[str, Any] | None = None
    transport: Mapping[str, Any] | None = None
    planned_at: datetime | None = None
    hazards: Sequence[Evaluation] = field(default_factory=tuple[Evaluation, ...])


def draft_export(
    session: Session,
    caller: Caller,
    *,
    consignee: Consignee,
    papers: Papers,
    reservation_id: UUID | None = None,
    device_ids: Sequence[UUID] = (),
) -> Export:
    """Begin the file of a load (series EXP of the workshop), of a reservation's devices or of those named.

    Invalid for devices that are not in the caller's workshop, or a consignee without name or country; Conflict
    `in_another_export` for a device that another live export names.
    """
    require_role(caller, Role.lead)
    wanted, network_id = _devices_of(session, caller, reservation_id, device_ids)
    if reservation_id is not None and consignee.organisation_id is None and consignee.name is None:
        consignee = Consignee(network_id, None, consignee.address, consignee.country)
    name, country = _named(session, caller, consignee)
    export = Export(
        id=clock.new_id(),
        number=next_number(session, organisation_id=caller.organisation_id, prefix="EXP"),
        status=ExportStatus.draft,
        workshop_id=caller.organisation_id,
        territory_id=caller.territory_id,
        reservation_id=reservation_id,
        consignee_id=consignee.organisation_id,
        consignee_name=name,
        consignee_address=consignee.address,
        destination_country=country,
        person=caller.person,
        created_at=clock.now(),
    )
    session.add(export)
    session.flush()
    lines = _take_in(session, export, wanted)
    _say(session, caller, export, lines, papers)
    what = {"number": export.number, "destination": country, "device_ids": wanted}
    record(session, caller.actor, thing="export", thing_id=export.id, verb="drafted", to_state=export.status, data=what)
    return export


def _devices_of(
    session: Session, caller: Caller, reservation_id: UUID | None, device_ids: Sequence[UUID]
) -> tuple[list[UUID], UUID | None]:
    """The devices to export, in order, and the network that reserved them."""
    if reservation_id is None:
        wanted, network_id, where = list(dict.fromkeys(device_ids)), None, "/device_ids"
    else:
        reservation = reservation_for(session, caller, reservation_id)
        lines = reservation_lines(session, [reservation.id])[reservation.id]
        wanted = [line.device_id for line in lines if line.live and line.workshop_id == caller.organisation_id]
        network_id, where = reservation.network_id, "/reservation_id"
    own = set(
        session.exec(
            select(Device.id).where(col(Device.id).in_(wanted), col(Device.workshop_id) == caller.organisation_id)
        )
    )
    faults = tuple(
        Fault(f"/device_ids/{place}", "not_found", f"There is no device {one} in your workshop.")
        for place, one in enumerate(wanted)
        if one not in own
    )
    if faults:
        raise Invalid("Some of these devices are not in your workshop.", code="unknown_device", errors=faults)
    if not wanted:
        sentence = "Nothing to export: name devices of your workshop, or a reservation that keeps some of them."
        raise Invalid(sentence, code="nothing_to_export", errors=(Fault(where, "required", sentence),))
    return wanted, network_id


def _named(session: Session, caller: Caller, consignee: Consignee) -> tuple[str, str]:
    """The consignee's name and country; those of an organisation here are its own."""
    if consignee.organisation_id is not None:
        known = known_organisation(session, caller, consignee.organisation_id)
        return known.name, known.country.upper()
    faults = tuple(
        Fault(f"/consignee/{name}", "required", f"Say the consignee's {name}, or name an organisation known here.")
        for name, value in (("name", consignee.name), ("country", consignee.country))
        if not value
    )
    if faults:
        raise Invalid(" ".join(fault.message for fault in faults), code="consignee_missing", errors=faults)
    return consignee.name or "", (consignee.country or "").upper()


def _take_in(session: Session, export: Export, device_ids: Sequence[UUID]) -> list[ExportLine]:
    """A line for each device; what an earlier departure proved and no longer holds gives its place up."""
    still = set(counting(session, device_ids))
    gone = select(Export.id).where(Export.status == ExportStatus.departed)
    session.exec(
        update(ExportLine)
        .where(
            col(ExportLine.device_id).in_(device_ids),
            col(ExportLine.device_id).not_in(still),
            col(ExportLine.live),
            col(ExportLine.export_id).in_(gone),
        )
        .values(live=False)
        .execution_options(synchronize_session=False)
    )
    lines = [
        ExportLine(id=clock.new_id(), export_id=export.id, device_id=one, created_at=export.created_at)
        for one in device_ids
    ]
    session.add_all(lines)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(
            "Another export names one of these devices and counts still: cancel that draft, or, for a device that has "
            "departed and is here again, take it back into the workshop and sign it off anew.",
            code="in_another_export",
        ) from error
    return lines


def amend_export(
    session: Session, caller: Caller, export_id: UUID, papers: Papers, *, version: int | None = None
) -> Export:
    """Say more of a draft, or say it anew; Conflict once it has departed."""
    require_role(caller, Role.lead)
    export = locked_export(session, caller, export_id)
    check_version(export, version)
    check_open(export)
    _say(session, caller, export, lines_of(session, [export.id])[export.id], papers)
    change_export(session, export)
    record(session, caller.actor, thing="export", thing_id=export.id, verb="amended", data=_told(papers))
    return export


def cancel_export(
    session: Session, caller: Caller, export_id: UUID, *, reason: str, version: int | None = None
) -> Export:
    """Give a draft up; its devices may be named by another export."""
    require_role(caller, Role.lead)
    export = locked_export(session, caller, export_id)
    move_export(
        session, caller, export, ExportStatus.cancelled, version=version, data={"reason": reason}, reason=reason
    )
    free_lines(session, export)
    return export


def _say(session: Session, caller: Caller, export: Export, lines: Sequence[ExportLine], papers: Papers) -> None:
    if faults := hazard_faults(one.found for one in papers.hazards):
        raise Invalid(" ".join(fault.message for fault in faults), code="unknown_hazard", errors=faults)
    if papers.contract is not None and (paper := papers.contract.get("document_id")):
        document_for(session, caller, UUID(str(paper)))
    for name in ("workshop_address", "consignee_address", "contract", "packing", "transport", "planned_at"):
        if (said := getattr(papers, name)) is not None:
            setattr(export, name, said)
    if papers.declaration is not None:
        person = require_person(caller)
        export.declaration = {**papers.declaration, "by": person, "at": clock.now().isoformat()}
    session.add(export)
    _evaluate(session, caller, lines, papers.hazards)
    session.flush()


def _evaluate(session: Session, caller: Caller, lines: Sequence[ExportLine], evaluations: Sequence[Evaluation]) -> None:
    by_device = {line.device_id: line for line in lines}
    day = clock.now().astimezone(ZoneInfo(session.get_one(Territory, caller.territory_id).timezone)).date()
    for place, one in enumerate(evaluations):
        for at, device_id in enumerate(one.device_ids):
            if device_id not in by_device:
                sentence = f"This export has no device {device_id}."
                fault = Fault(f"/hazards/{place}/device_ids/{at}", "not_in_export", sentence)
                raise Invalid(sentence, code="not_in_export", errors=(fault,))
            said = {"found": list(one.found), "by": require_person(caller), "on": day.isoformat()}
            by_device[device_id].hazards = said | ({"note": one.note} if one.note else {})
            session.add(by_device[device_id])


def _told(papers: Papers) -> dict[str, Any]:
    """What was said, as the history keeps it."""
    names = ("workshop_address", "consignee_address", "contract", "declaration", "packing", "transport", "planned_at")
    told: dict[str, Any] = {name: said for name in names if (said := getattr(papers, name)) is not None}
    if papers.hazards:
        told["hazards"] = [{"device_ids": list(one.device_ids), "found": list(one.found)} for one in papers.hazards]
    return told
