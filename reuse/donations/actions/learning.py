"""What a list that comes late tells of devices that stand here already."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.actions.identity import Binding, bind_codes
from reuse.devices.models import Device
from reuse.donations.imports.shape import ImportItem
from reuse.history.rules import Actor

TOLD = ("manufacturer", "model", "serial", "year", "condition", "comment")
CODES = ("serial", "imei", "asset_tag")


def learn_from_list(session: Session, actor: Actor, told: Sequence[tuple[Device, ImportItem]]) -> None:
    """Have devices know what their rows say where they say nothing themselves, and be found by every code of the row.

    What was read on the machine stays; a serial number in the list that differs is told by the reconciliation.
    """
    by_id = {device.id: (device, item) for device, item in told}
    bindings = [
        Binding(device, kind, str(value))
        for device, item in by_id.values()
        for kind in CODES
        if (value := getattr(item, kind))
    ]
    bind_codes(session, actor, bindings)
    changes: list[Change] = []
    for device, item in by_id.values():
        gained: dict[str, Any] = {
            name: getattr(item, name)
            for name in TOLD
            if getattr(device, name) is None and getattr(item, name) is not None
        }
        if gained:
            changes.append(Change(device, "listed", columns=gained, data={"row": item.row, "learned": sorted(gained)}))
    change_devices(session, actor, changes)
