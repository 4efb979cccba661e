from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from reuse import clock
from reuse.catalogue.queries import closed_gates, on_offer, wished
from reuse.catalogue.queries.buyers import not_for
from reuse.devices.models import Device
from reuse.history.rules import SYSTEM
from reuse.people.models import Territory
from reuse.reservations.actions.hold import Holder, fits, hold_devices
from reuse.reservations.models import Need
from reuse.reservations.queries import allowances_of, networks_that_let_go, open_needs, waiting_of
from reuse.reservations.rules import Allowance, Waiting, take_within, waiting_order

MOST_AT_ONCE = 500
"""Devices offered in one transaction to a need that is new."""


def offer_devices(session: Session, territory_id: UUID, device_ids: Collection[UUID]) -> int:
    """Offer listed devices, each to the first need on the waiting list that it fits; returns how many were.

    An offer is a hold of `offer_hours`: its network confirms it or lets it go, and then the next is asked. A network
    is not offered the same device again, nor more than its quotas leave. Offers of one territory are made one after
    the other, so that the order stays the fair one.
    """
    statement = select(Territory).where(Territory.id == territory_id).with_for_update(key_share=True)
    territory = session.exec(statement.execution_options(populate_existing=True)).one()
    if territory.offer_hours is None:
        return 0
    devices = _free_devices(session, territory_id, device_ids)
    chosen = _choose(session, territory, devices)
    term = timedelta(hours=territory.offer_hours)
    for need, some in chosen:
        who = Holder(need.network_id, territory_id, SYSTEM)
        hold_devices(session, who, some, hold=term, offered_for=need, allow_partial=True)
    return sum(len(some) for _, some in chosen)


def _free_devices(session: Session, territory_id: UUID, device_ids: Collection[UUID]) -> list[Device]:
    statement = (
        select(Device)
        .where(on_offer(territory_id), col(Device.id).in_(device_ids))
        .order_by(col(Device.listed_at), col(Device.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    devices = list(session.exec(statement))
    closed = closed_gates(session, devices)
    return [device for device in devices if device.id not in closed]


def _choose(session: Session, territory: Territory, devices: Sequence[Device]) -> list[tuple[Need, list[Device]]]:
    """Which need each device goes to; after each the order is made anew, for who has got one waits less."""
    needs = {str(need.id): need for need in open_needs(session, territory, {one.category for one in devices})}
    waiting = {one.need_id: one for one in waiting_of(session, list(needs.values()))}
    allowances: dict[UUID, list[Allowance]] = {}
    for need in needs.values():
        if need.network_id not in allowances:
            allowances[need.network_id] = allowances_of(session, territory, need.network_id)
    had = networks_that_let_go(session, [device.id for device in devices])
    had |= not_for(session, devices, allowances)
    now, chosen = clock.now(), dict[str, list[Device]]()
    for device in devices:
        for one in waiting_order(waiting.values(), now):
            need = needs[one.need_id]
            if not fits(need, device) or (device.id, need.network_id) in had:
                continue
            if take_within(allowances[need.network_id], device.category) is None:
                waiting[one.need_id] = Waiting(one.need_id, one.since, one.quantity, one.served + 1)
                chosen.setdefault(one.need_id, []).append(device)
                break
    return [(needs[need_id], some) for need_id, some in chosen.items()]


def offer_to_waiting(session: Session, territory_id: UUID, need_id: UUID) -> int:
    """Offer what is listed already and fits a need that is new, in the fair order of all who wait for the like."""
    need = session.get_one(Need, need_id)
    wanted = wished(category=need.category, min_ram_gb=need.min_ram_gb)
    statement = select(Device.id).where(on_offer(territory_id), *wanted)
    oldest = statement.order_by(col(Device.listed_at), col(Device.id)).limit(min(need.quantity, MOST_AT_ONCE))
    return offer_devices(session, territory_id, list(session.exec(oldest)))
