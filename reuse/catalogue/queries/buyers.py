from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlmodel import Session, col, select

from reuse.catalogue.rules import check_buyer, load_buyers, may_have
from reuse.devices.models import Device
from reuse.donations.models import Donation
from reuse.people.models import Organisation, Territory


def may_go_to(network_id: UUID) -> ColumnElement[bool]:
    """The devices that the network may have by the law of its territory (rules.may_have says it of one)."""
    conditions: list[ColumnElement[bool]] = []
    for country, rule in load_buyers().items():
        is_barred = exists().where(
            col(Organisation.id) == network_id,
            col(Organisation.legal_form).in_(rule["barred_forms"]),
            col(Territory.id) == col(Organisation.territory_id),
            col(Territory.country) == country,
        )
        came_so = exists().where(
            col(Donation.id) == col(Device.donation_id), col(Donation.legal_basis).in_(rule["legal_basis"])
        )
        conditions.append(or_(~is_barred, ~came_so))
    return and_(*conditions)


def check_buyers(session: Session, network_id: UUID, devices: Sequence[Device]) -> None:
    """Conflict `buyer` where one of the devices may not go to the network."""
    network = session.get_one(Organisation, network_id)
    country = session.get_one(Territory, network.territory_id).country
    for basis in set(_bases(session, devices).values()):
        check_buyer(network.legal_form, basis, country)


def not_for(session: Session, devices: Sequence[Device], network_ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """Pairs of a device and a network that may not have it."""
    bases = _bases(session, devices)
    statement = (
        select(Organisation, Territory.country)
        .join(Territory, col(Territory.id) == col(Organisation.territory_id))
        .where(col(Organisation.id).in_(network_ids))
    )
    return {
        (device_id, network.id)
        for network, country in session.exec(statement)
        for device_id, basis in bases.items()
        if not may_have(network.legal_form, basis, country)
    }


def _bases(session: Session, devices: Sequence[Device]) -> dict[UUID, str]:
    """On which legal basis each of the devices came; one without a donation has none."""
    ids = {one.donation_id for one in devices if one.donation_id is not None}
    statement = select(Donation.id, Donation.legal_basis).where(col(Donation.id).in_(ids))
    known: dict[UUID | None, str] = dict(session.exec(statement).all()) if ids else {}
    return {one.id: known[one.donation_id] for one in devices if one.donation_id in known}
