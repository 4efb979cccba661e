"""Many rows at once: written past the ORM, read back like any other."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from makers import make_organisation
from reuse.bulk import MANY, insert_rows
from reuse.clock import new_id, now
from reuse.devices.actions.declaring import declare_devices
from reuse.devices.actions.identity import NewDevice, add_devices
from reuse.devices.models import Code, Device
from reuse.devices.rules import Status
from reuse.history.actions import Happening, record_all
from reuse.history.models import HistoryRecord
from reuse.history.queries import verify_history
from reuse.history.rules import SYSTEM
from reuse.house import House
from reuse.people.rules import Activity
from reuse.transactions import in_transaction, reading, transaction

ODD = 'tab\t "quote" \\N \\ back\nline, é ☃ \u202f \x1f'


def a_new_device(house: House) -> NewDevice:
    workshop = make_organisation(house, "Atelier", Activity.workshop)
    return NewDevice(
        category="laptop", status=Status.declared, territory_id=workshop.territory_id, workshop_id=workshop.id,
        manufacturer=ODD, model=None, serial="SN 1/a", imei="356938035643809", asset_tag="INV-1", year=2019,
        condition="", comment=ODD, notes={"bureau": ODD, "n": [1, 2.5, None, True]}, custody_since=now(),
    )  # fmt: skip


def told(session: Session, device: Device) -> tuple[Any, ...]:
    """All that two devices made from the same facts have in common."""
    own = device.model_dump(exclude={"id", "created_at"})
    codes = session.exec(select(Code).where(Code.device_id == device.id).order_by(col(Code.kind)))
    records = session.exec(select(HistoryRecord).where(HistoryRecord.thing_id == device.id))
    changing = {"id", "device_id", "thing_id", "created_at", "at", "recorded_at", "salt", "hash"}
    return (
        own,
        [one.model_dump(exclude=changing) for one in codes],
        [one.model_dump(exclude=changing) for one in records],
    )


def test_devices_declared_in_bulk_are_those_that_the_orm_makes(any_house: House) -> None:
    new = a_new_device(any_house)
    with transaction(any_house.database) as session:
        (made,) = add_devices(session, SYSTEM, [new])
        ids = declare_devices(session, SYSTEM, [new, replace(new, notes=None, custody_since=None)])
    with reading(any_house.database) as session:
        first, second = (session.get_one(Device, one) for one in ids)
        assert told(session, first) == told(session, session.get_one(Device, made.id))
        assert (second.notes, second.custody_since, second.version, second.open_repairs) == ({}, None, 1, 0)
        assert verify_history(session).breaks == ()


def test_a_device_in_somebodys_hands_does_not_come_in_by_bulk(house: House) -> None:
    new = replace(a_new_device(house), status=Status.received)
    with pytest.raises(ValueError, match="custody"), transaction(house.database) as session:
        declare_devices(session, SYSTEM, [new])


def test_a_row_that_is_there_already_is_refused_and_nothing_stays(any_house: House) -> None:
    new = a_new_device(any_house)
    label = ("label", "7K3M-9QX2-BV4", "7K3M9QX2BV4", now())
    columns = ("id", "kind", "value", "normal", "created_at")

    def spoil(session: Session) -> None:
        declare_devices(session, SYSTEM, [new])
        insert_rows(session, Code, columns, ((new_id(), *label) for _ in range(2)))

    with pytest.raises(IntegrityError):
        in_transaction(any_house.database, spoil)
    with reading(any_house.database) as session:
        assert session.exec(select(Device)).all() == []
        assert session.exec(select(Code)).all() == []


def test_many_records_at_once_make_the_chains_that_single_ones_would(any_house: House) -> None:
    things = [new_id() for _ in range(MANY)]
    happenings = [Happening("probe", thing, verb, data={"word": ODD}) for verb in ("a", "b") for thing in things]
    with transaction(any_house.database) as session:
        record_all(session, SYSTEM, happenings)
        record_all(session, SYSTEM, happenings[:3])
    with reading(any_house.database) as session:
        found = verify_history(session)
        assert (found.chains, found.records, found.breaks) == (MANY, 2 * MANY + 3, ())
