from sqlmodel import Session

from reuse.devices.actions.milestones import withdraw_milestones
from reuse.devices.models import Device
from reuse.devices.rules import Milestone
from reuse.history.rules import Actor
from reuse.wiping.queries.gate import live_sanitization


def end_sanitization(session: Session, actor: Actor, device: Device, *, reason: str) -> bool:
    """What was accepted of this device no longer stands; returns whether anything did.

    The milestone goes with it, in the same transaction, and a device that was ready or listed returns to the workshop.
    """
    live = live_sanitization(session, device.id)
    if live is not None:
        live.live, live.ended_because = False, reason
        session.add(live)
    withdrawn = withdraw_milestones(session, actor, device, [Milestone.sanitized], reason=reason)
    return live is not None or bool(withdrawn)
