"""The device as it is answered everywhere: by its own doors, by the passport, by the stages that move it."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlmodel import Session

from reuse.devices.models import Code, Device, Medium, MilestoneRow
from reuse.devices.queries import codes_of, flags_of, media_of, merged_ids, milestones_of
from reuse.devices.rules import (
    LANGUAGES,
    NOT_APPLICABLE_WITHOUT_MEDIA,
    STEP_LANGUAGES,
    GateFacts,
    MediaPolicy,
    Milestone,
    Status,
    Step,
    best_language,
    media_policy,
    next_steps,
    step_titles,
    with_derived,
)
from reuse.people.queries import territory_of
from reuse.people.rules import Activity, Caller
from reuse.web import Shape


class CodeShape(Shape):
    """A text that finds the device; one that is not live was replaced, and goes on finding it."""

    kind: str
    value: str
    live: bool


class MilestoneShape(Shape):
    """A milestone that counts as met: when and by whom, or because devices of the category hold no storage media."""

    at: datetime | None
    by: str | None
    source: str | None = None
    not_applicable: bool = False


class StepShape(Shape):
    """Something to do next, as a word for programs and as a title for people."""

    step: str
    title: str


class MediumShape(Shape):
    """A storage medium of the device; `source` says where it is known from."""

    id: UUID
    serial: str | None
    kind: str
    size_bytes: int | None
    manufacturer: str | None
    model: str | None
    soldered: bool
    source: str


class MoneyShape(Shape):
    """An amount in minor units of an ISO 4217 currency."""

    amount_minor: int
    currency: str


class DeviceShape(Shape):
    """A device: what it is, where it stands, what is proved, what comes next.

    `mass_source` is `measured` or `apportioned` (weighed together with others); `merged_ids` are ids of listed devices
    that turned out to be this one, and go on finding it. `claim` is the number of the
    warranty case under which it is still its holder's, here or with them.
    """

    id: UUID
    status: str
    version: int
    category: str
    manufacturer: str | None
    model: str | None
    serial: str | None
    year: int | None
    condition: str | None
    codes: list[CodeShape]
    milestones: dict[str, MilestoneShape | None]
    flags: list[str]
    claim: str | None
    next_steps: list[StepShape]
    media: list[MediumShape]
    facts: dict[str, Any]
    mass_grams: int | None
    mass_source: str | None
    merged_ids: list[UUID]
    location: str | None
    grade: str | None
    score: int | None
    price: MoneyShape | None
    donation_id: UUID | None
    donor_id: UUID | None
    workshop_id: UUID | None
    network_id: UUID | None
    custody_since: datetime | None
    created_at: datetime


OPEN_CODES = frozenset({"label", "serial"})
"""Codes that a network sees: asset tags and references are the donor's own affair (spec/process.md, Who sees what)."""


def device_shapes(
    session: Session, caller: Caller, devices: Sequence[Device], accept_language: str | None = None
) -> list[DeviceShape]:
    """The devices as this caller sees them, in six questions however many they are."""
    ids = [device.id for device in devices]
    codes, media = codes_of(session, ids), media_of(session, ids)
    milestones, flags = milestones_of(session, ids), flags_of(session, ids)
    merged = merged_ids(session, ids)
    language = language_for(session, caller, accept_language, STEP_LANGUAGES)
    shapes: list[DeviceShape] = []
    for device in devices:
        is_inside = knows_origin(caller, device)
        gate = GateFacts(
            media=media_policy(device.category, has_media=bool(media[device.id])),
            milestones=with_derived(milestones[device.id], open_repairs=device.open_repairs),
            flags=frozenset(flag.name for flag in flags[device.id]),
            claimed=device.claim is not None,
        )
        plain = device.model_dump(include=_PLAIN)
        if not is_inside:
            plain.update(donation_id=None, donor_id=None)
        shape = DeviceShape(
            **plain,
            codes=_codes(codes[device.id], is_inside=is_inside),
            merged_ids=merged[device.id] if is_inside else [],
            milestones=_milestones(caller, milestones[device.id], gate),
            flags=sorted(gate.flags),
            next_steps=step_shapes(next_steps(Status(device.status), gate), language),
            media=[medium_shape(medium) for medium in media[device.id]],
            price=_price(device) if may_know_price(caller, device) else None,
        )
        shapes.append(shape)
    return shapes


def _codes(codes: Sequence[Code], *, is_inside: bool) -> list[CodeShape]:
    """Each code once, though a listed device that was merged may have brought the same again."""
    open_ = [code for code in codes if is_inside or code.kind in OPEN_CODES]
    told = dict.fromkeys((code.kind, code.value, code.live) for code in open_)
    return [CodeShape(kind=kind, value=value, live=live) for kind, value, live in told]


def device_shape(session: Session, caller: Caller, device: Device, accept_language: str | None = None) -> DeviceShape:
    """One device as this caller sees it."""
    return device_shapes(session, caller, [device], accept_language)[0]


def medium_shape(medium: Medium) -> MediumShape:
    """The medium as it is shown with its device."""
    return MediumShape.model_validate(medium.model_dump(include=set(MediumShape.model_fields)))


def language_for(
    session: Session, caller: Caller, accept_language: str | None, among: Sequence[str] = LANGUAGES
) -> str:
    """The language `among` ours that the request asks for, else that of the caller's territory."""
    return best_language(accept_language, territory_of(session, caller.organisation_id).language, among)


@cache
def step_shapes(steps: tuple[Step, ...], language: str) -> list[StepShape]:
    """Steps with their titles in one of our languages; such lists are few, and every scan is answered with one."""
    return [StepShape(step=step.value, title=step_titles()[step.value][language]) for step in steps]


_PLAIN = set(DeviceShape.model_fields) - {"codes", "milestones", "flags", "next_steps", "media", "price", "merged_ids"}


def knows_origin(caller: Caller, device: Device) -> bool:
    """Whether the caller is the donor, the workshop, the territory or the operator of this device."""
    return (
        caller.sees_all
        or (Activity.territory in caller.activities and device.territory_id == caller.territory_id)
        or caller.organisation_id in {device.donor_id, device.workshop_id}
    )


def _milestones(caller: Caller, met: dict[str, MilestoneRow], gate: GateFacts) -> dict[str, MilestoneShape | None]:
    shapes: dict[str, MilestoneShape | None] = {}
    for milestone in Milestone:
        row = met.get(milestone)
        if row is not None:  # a person's name stays inside the person's own organisation
            by = row.person if row.organisation_id == caller.organisation_id else None
            shapes[milestone.value] = MilestoneShape(at=row.at, by=by, source=row.source)
        elif milestone in gate.milestones or (
            gate.media is MediaPolicy.never and milestone in NOT_APPLICABLE_WITHOUT_MEDIA
        ):
            shapes[milestone.value] = MilestoneShape(at=None, by=None, not_applicable=True)
        else:
            shapes[milestone.value] = None
    return shapes


def may_know_price(caller: Caller, device: Device) -> bool:
    """Prices are between workshop, networks and territory: a donor follows its device, not the trade with it."""
    return (
        caller.sees_all
        or not caller.activities.isdisjoint({Activity.network, Activity.territory})
        or caller.organisation_id == device.workshop_id
    )


def _price(device: Device) -> MoneyShape | None:
    if device.price_minor is None or device.price_currency is None:
        return None
    return MoneyShape(amount_minor=device.price_minor, currency=device.price_currency)
