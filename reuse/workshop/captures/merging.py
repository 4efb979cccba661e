"""Several tools' findings about one machine become one picture, and every disagreement is told, none is hidden."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, TypedDict, cast

from reuse.boundedjson import refuse
from reuse.errors import Fault
from reuse.workshop.captures.agreeing import same_uuid, same_value, sign
from reuse.workshop.captures.findings import Findings, Sighting, both, merged_sightings, same_size
from reuse.workshop.captures.shape import Component, Conflict, MediumFound, Said

IDENTITY = ("manufacturer", "model", "serial", "asset_tag", "uuid", "chassis")
FACTS = {
    "cpu": "processor",
    "ram_bytes": "memory",
    "ram_slots": "memory",
    "tpm": "identity",
    "battery_health_percent": "battery",
    "screen_inches": "display",
    "screen_width_px": "display",
    "screen_height_px": "display",
}
MEDIUM = ("kind", "size_bytes", "manufacturer", "model", "wwn")


class _Trust(TypedDict):
    order: list[str]
    why: str


@cache
def _trust() -> dict[str, _Trust]:
    table = json.loads(files("reuse").joinpath("data/capture_trust.json").read_text("utf-8"))
    return cast("dict[str, _Trust]", table["fields"])


@dataclass(frozen=True, slots=True)
class Source:
    """What one tool found; `name` is the tool's, with a number where it was sent more than once."""

    name: str
    place: str
    found: Findings


def merge_findings(sources: Sequence[Source], *, name: str) -> Findings:
    """One picture of one machine. Raises Invalid `several_machines` where the sources are of two.

    Each field is taken from the source that is trusted most for it (`data/capture_trust.json`); where another says
    something that does not mean the same, a conflict tells all values. A merged picture is partial only while no source
    tells the whole machine.
    """
    _refuse_two_machines(sources)
    merged = Findings(name, partial=all(source.found.partial for source in sources))
    for source in sources:
        merged.warnings += [replace(one, pointer=f"{source.place}{one.pointer}") for one in source.found.warnings]
        merged.conflicts += source.found.conflicts
    whole = any(source.found.sightings for source in sources)
    if whole:  # another file shows what one missed
        merged.warnings = [one for one in merged.warnings if one.code != "no_internal_medium" or not _built_in(sources)]
    _merge_identity(merged, sources)
    _merge_facts(merged, sources)
    merged.sightings = _merge_media(merged, sources)
    merged.components = _merge_components(sources)
    return merged


def _built_in(sources: Sequence[Source]) -> bool:
    return any(each.medium.kind not in {"usb", "sd"} for source in sources for each in source.found.sightings)


def _ranked(sources: Sequence[Source], group: str) -> list[Source]:
    order = _trust()[group]["order"]

    def rank(source: Source) -> int:
        return order.index(source.found.format) if source.found.format in order else len(order)

    return sorted(sources, key=rank)


def _refuse_two_machines(sources: Sequence[Source]) -> None:
    """Two serial numbers are two machines, unless the firmware's UUID says that it is one."""
    named = [source for source in sources if source.found.identity.serial is not None]
    for other in named[1:]:
        one, two = named[0].found.identity, other.found.identity
        if same_value("serial", one.serial, two.serial):
            continue
        if one.uuid is not None and two.uuid is not None and same_uuid(one.uuid, two.uuid):
            continue
        message = (
            f"{named[0].name} is of the machine {one.serial} and {other.name} of {two.serial}: "
            "send the files of one machine at a time."
        )
        refuse(f"{other.place}/identity/serial", "several_machines", message)


def _merge_identity(merged: Findings, sources: Sequence[Source]) -> None:
    ranked = _ranked(sources, "identity")
    values: dict[str, Any] = {}
    for name in IDENTITY:
        said = [Said(value, one.name) for one in ranked if (value := getattr(one.found.identity, name)) is not None]
        values[name] = _settle(merged, name, said, "identity", warns=name in {"serial", "model", "manufacturer"})
    is_virtual = any(source.found.identity.virtual_machine for source in sources)
    merged.identity = replace(merged.identity, **values, virtual_machine=is_virtual)


def _merge_facts(merged: Findings, sources: Sequence[Source]) -> None:
    values: dict[str, Any] = {}
    for name, group in FACTS.items():
        ranked = _ranked(sources, group)
        said = [Said(value, one.name) for one in ranked if (value := getattr(one.found.facts, name)) is not None]
        values[name] = _settle(merged, name, said, group)
    merged.facts = replace(merged.facts, **values)


def _settle(merged: Findings, name: str, said: list[Said], group: str, *, warns: bool = False) -> Any:  # noqa: ANN401  # any field
    """The most trusted value of a field; a conflict where another source means something else."""
    if not said:
        return None
    chosen = said[0]
    field = name.rsplit(".", 1)[-1]
    if all(same_value(field, chosen.value, other.value) for other in said[1:]):
        return chosen.value if field != "model" else max((one.value for one in said), key=len)
    why = f"{chosen.source} is believed here: {_trust()[group]['why']}."
    if chosen.source.split(" ")[0] not in _trust()[group]["order"]:
        why = f"{chosen.source} came first; no tool here is known to be better for this."
    merged.conflicts.append(Conflict(name, tuple(said), chosen.value, why))
    if warns:
        told = ", ".join(f"{one.source}: {one.value}" for one in said)
        merged.warnings.append(Fault(f"/identity/{name}", "identity_conflict", f"The tools disagree ({told}): look."))
    return chosen.value


@dataclass(slots=True)
class _Seen:
    """A medium and all that was said of it."""

    sighting: Sighting
    said: list[tuple[str, MediumFound]]


def _merge_media(merged: Findings, sources: Sequence[Source]) -> list[Sighting]:
    seen: list[_Seen] = []
    for source in _ranked(sources, "media"):
        taken: list[_Seen] = []
        for sighting in merged_sightings(source.found):
            known = _known(seen, taken, sighting)
            if known is None:
                seen.append(_Seen(sighting, [(source.name, sighting.medium)]))
                taken.append(seen[-1])
            else:
                known.said.append((source.name, sighting.medium))
                known.sighting = Sighting(both(known.sighting.medium, sighting.medium), known.sighting.seat)
                taken.append(known)
    for each in seen:
        _tell_medium(merged, each)
    return [Sighting(each.sighting.medium, f"{index}") for index, each in enumerate(seen)]  # told apart already


def _known(seen: list[_Seen], taken: list[_Seen], sighting: Sighting) -> _Seen | None:
    """The medium that another tool has shown; of twins with one serial, the one in the same seat, else the next."""
    free = [each for each in seen if not any(each is one for one in taken)]
    alike = [each for each in free if _is_same(each.sighting, sighting)]
    seated = [each for each in alike if each.sighting.seat is not None and each.sighting.seat == sighting.seat]
    return next(iter(seated or alike), None)


def _is_same(one: Sighting, other: Sighting) -> bool:
    """By serial, or by WWN; a medium without either in one of the files, by its seat and size."""
    first, second = one.medium, other.medium
    if first.serial is not None and second.serial is not None:
        same_model = same_value("model", first.model, second.model)
        return sign(first.serial) == sign(second.serial) and (same_model or same_size(first, second))
    if first.wwn and second.wwn:
        return first.wwn == second.wwn
    return one.seat is not None and one.seat == other.seat and same_size(first, second)


def _tell_medium(merged: Findings, each: _Seen) -> None:
    who = each.sighting.medium.serial or each.sighting.medium.model or "without serial"
    for name in MEDIUM:
        values = [(source, getattr(medium, name)) for source, medium in each.said]
        said = [Said(value, source) for source, value in values if value is not None and value != "other"]
        _settle(merged, f"media.{who}.{name}", said, "media")


def _merge_components(sources: Sequence[Source]) -> list[Component]:
    """Each kind of part from one source, the most trusted of those that name the most serials: lists are not mixed."""
    groups = {"memory": "memory", "battery": "battery", "processor": "processor", "display": "display"}
    parts: list[Component] = []
    for kind in ("processor", "memory", "battery", "display", "graphics"):
        best: list[Component] = []
        for source in _ranked(sources, groups.get(kind, "identity")):
            found = [part for part in source.found.components if part.kind == kind]
            if _serials(found) > _serials(best) or not best:
                best = found
        parts += best
    return parts


def _serials(parts: list[Component]) -> int:
    return sum(part.serial is not None for part in parts)
