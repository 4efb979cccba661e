from litestar.params import JSONBody
from sqlmodel import Session

from reuse.donations.actions.weighing import OnTheScale, weigh
from reuse.donations.api.shapes import ShareShape, WeighingIn, WeighingShape
from reuse.people.rules import Caller
from reuse.web import door


@door("POST", "/v1/weighings", status=201)
def enter_weighing(session: Session, caller: Caller, data: JSONBody[WeighingIn]) -> WeighingShape:
    """Keep a reading of the scale: of a device as measured, of several, or of a container's content, as shared out."""
    device_ids = None if data.device_ids is None else tuple(data.device_ids)
    on = OnTheScale(device_ids, data.container_id, data.donation_id, data.tare_grams)
    this, shares = weigh(session, caller, on, mass_grams=data.mass_grams, at=data.at, scale=data.scale)
    devices = [ShareShape.model_validate(one.model_dump(exclude={"weighing_id"})) for one in shares]
    facts = this.model_dump(include=set(WeighingShape.model_fields) - {"devices"})
    return WeighingShape(**facts, devices=devices)


doors = [enter_weighing]
