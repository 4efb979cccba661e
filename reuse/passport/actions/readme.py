"""The page that a person opens first: what the pack is about, where each device is, how to check it all."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reuse.html import rendered
from reuse.passport.actions.contents import CERTIFICATE, Source
from reuse.passport.actions.tables import Row
from reuse.passport.rules import where_in_words
from reuse.passport.rules.index import DEVICES, HISTORY, INDEX, RECYCLING, SIGNATURE


@dataclass(slots=True)
class Reading:
    """What is told of the devices: one short row each, and how many are where; `latest` is the newest fact of all."""

    latest: datetime
    language: str
    devices: list[tuple[str, str, str, str, str]] = field(default_factory=list[tuple[str, str, str, str, str]])
    statuses: Counter[str] = field(default_factory=Counter[str])

    def add(self, rows: Sequence[Row]) -> None:
        """Take in some more rows of devices.csv."""
        for row in rows:
            self.statuses[row["status"]] += 1
            name = " ".join(filter(None, (row["manufacturer"], row["model"]))) or row["category"]
            number = row["serial"] or row["imei"] or row["asset_tag"] or ""
            self.devices.append((row["label"] or "", name, number, row["where"], row["device_id"]))


def read_me(imprint: dict[str, Any], reading: Reading, told: Sequence[Source]) -> bytes:
    """The page, complete in itself: it opens without network and runs nothing."""
    certificates: dict[str, list[Source]] = {}
    for one in told:
        if one.kind == CERTIFICATE:
            certificates.setdefault(one.facts["device_id"], []).append(one)
    return rendered(
        "pack.html",
        imprint=imprint,
        at=f"{reading.latest:%Y-%m-%d %H:%M} UTC",
        language=reading.language,
        counts=[
            (where_in_words(status, reading.language), count) for status, count in sorted(reading.statuses.items())
        ],
        devices=reading.devices,
        certificates=certificates,
        attested=sum(len(some) for some in certificates.values()),
        documents=[one for one in told if "title" in one.facts],
        names={"devices": DEVICES, "recycling": RECYCLING, "history": HISTORY, "index": INDEX, "signature": SIGNATURE},
    )
