from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.donations.models import Vehicle
from reuse.errors import Conflict, Fault, Invalid, NotFound, Stale
from reuse.history.actions import record
from reuse.people.rules import Caller, Role, require_role


def add_vehicle(session: Session, caller: Caller, *, name: str, payload_kg: float, volume_m3: float) -> Vehicle:
    """Enter a vehicle of the caller's workshop or carrier; Conflict where it has one of that name."""
    require_role(caller, Role.lead, Role.carrier)
    _check_name(session, caller.organisation_id, name)
    vehicle = Vehicle(
        id=clock.new_id(),
        organisation_id=caller.organisation_id,
        name=name,
        payload_kg=payload_kg,
        volume_m3=volume_m3,
        created_at=clock.now(),
    )
    session.add(vehicle)
    session.flush()
    what = {"name": name, "payload_kg": payload_kg, "volume_m3": volume_m3}
    record(session, caller.actor, thing="vehicle", thing_id=vehicle.id, verb="entered", data=what)
    return vehicle


def change_vehicle(
    session: Session,
    caller: Caller,
    vehicle: Vehicle,
    *,
    version: int | None,
    **changes: Any,  # noqa: ANN401  # columns, as the door has checked them
) -> Vehicle:
    """Correct a vehicle of one's own, or take it out of use; what was planned with it stays as it is."""
    require_role(caller, Role.lead, Role.carrier)
    if vehicle.organisation_id != caller.organisation_id:
        raise NotFound(f"There is no vehicle {vehicle.id} of yours.")
    if version is not None and version != vehicle.version:
        raise Stale(f"This vehicle has changed: you saw version {version}, it is now {vehicle.version}. Look again.")
    if changes.get("name", vehicle.name) != vehicle.name:
        _check_name(session, caller.organisation_id, changes["name"])
    done = session.exec(
        update(Vehicle)
        .where(col(Vehicle.id) == vehicle.id, col(Vehicle.version) == vehicle.version)
        .values(version=vehicle.version + 1, **changes)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict("Somebody changed this vehicle at the same moment; look at it again.", code="moved_meanwhile")
    session.refresh(vehicle)
    record(session, caller.actor, thing="vehicle", thing_id=vehicle.id, verb="changed", data=changes)
    return vehicle


def _check_name(session: Session, organisation_id: UUID, name: str) -> None:
    """The unique index has the last word; this says it in a sentence."""
    statement = select(Vehicle.id).where(Vehicle.organisation_id == organisation_id, Vehicle.name == name)
    if session.exec(statement).first() is not None:
        raise Conflict(f"You have a vehicle called {name} already; choose another name.", code="vehicle_known")


def vehicle_in_use(session: Session, owners: set[UUID], vehicle_id: UUID) -> Vehicle:
    """The vehicle, if one of these organisations has it in use; Invalid, naming the place in the body, otherwise."""
    vehicle = session.get(Vehicle, vehicle_id)
    if vehicle is None or vehicle.organisation_id not in owners or not vehicle.in_use:
        sentence = "This is no vehicle in use of the workshop or of the carrier; see GET /v1/vehicles."
        fault = Fault("/vehicle_id", "unknown_vehicle", sentence)
        raise Invalid(sentence, code="unknown_vehicle", errors=(fault,))
    return vehicle
