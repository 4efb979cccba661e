"""What the steps of the story share: who plays, what is known of the devices so far, which papers were kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reuse.demo.actors import Actor
from reuse.demo.stage import Cast
from reuse.demo.telling import Teller

Json = dict[str, Any]


@dataclass(slots=True)
class Scene:
    """The state of the story: ids by the council's tags, and the documents left in the folder."""

    cast: Cast
    teller: Teller
    folder: Path
    devices: int | None = None
    donation: Json = field(default_factory=dict[str, Any])
    ids: dict[str, str] = field(default_factory=dict[str, str])
    certificate_jobs: dict[str, Json] = field(default_factory=dict[str, Json])
    reservations: dict[str, Json] = field(default_factory=dict[str, Json])
    papers: list[str] = field(default_factory=list[str])

    def path(self, tag: str, what: str = "") -> str:
        """The address of a device, or of something of it."""
        return f"/v1/devices/{self.ids[tag]}{'/' + what if what else ''}"

    def device(self, tag: str, seen_by: Actor | None = None) -> Json:
        """A device as it is now."""
        found: Json = (seen_by or self.cast.lead).get(self.path(tag))
        return found

    def all_devices(self) -> list[Json]:
        """Every device of the donation, page after page."""
        return list(self.cast.lead.pages(f"/v1/devices?donation_id={self.donation['id']}"))

    def keep(self, name: str, content: bytes) -> str:
        """Leave a document in the folder under a name that people read; returns the name."""
        (self.folder / name).write_bytes(content)
        self.papers.append(name)
        return name

    def keep_document(self, reader: Actor, document_id: str, name: str) -> str:
        """Leave one of the product's documents in the folder."""
        return self.keep(name, reader.download(f"/v1/documents/{document_id}/content"))


def code_of(device: Json, kind: str) -> str:
    """The live code of a kind; empty where there is none."""
    return next((one["value"] for one in device["codes"] if one["kind"] == kind and one["live"]), "")


def by_tag(devices: Iterable[Json]) -> dict[str, str]:
    """Ids by the tags of the donor's inventory."""
    return {tag: device["id"] for device in devices if (tag := code_of(device, "asset_tag"))}


def name_of(device: Json) -> str:
    """What people call it: maker, model and tag."""
    words = [device["manufacturer"], device["model"], code_of(device, "asset_tag")]
    return " ".join(word for word in words if word) or device["category"]


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{count} {one if count == 1 else many or one + 's'}"
