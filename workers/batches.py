from collections import deque
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlmodel import Session

from reuse.errors import Refusal
from reuse.people.queries import organisation
from reuse.people.rules import Caller, caller_from
from reuse.wiping.actions.batches import accept_and_number, told
from reuse.wiping.actions.certificates import Seal, link_rendering, paper_of, seal_of
from reuse.wiping.actions.printing import print_certificate
from reuse.wiping.models import Certificate
from workers.presses import cores, presses
from workers.task import TRIED_AGAIN, Work, task

AHEAD = 4
"""Devices accepted, for each core, before the first of them must have its pages: no core waits for the database."""


@dataclass
class Batch:
    """A batch under way: what it works with, and what has come of it."""

    work: Work
    caller: Caller
    seal: Seal
    total: int
    press: Executor
    done: int = 0
    certificate_ids: list[UUID] = field(default_factory=list[UUID])
    refusals: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@dataclass(frozen=True, slots=True)
class Printing:
    """A device's certificates, those among them that are being printed, and why there are none."""

    certificates: list[Certificate]
    pages: dict[UUID, "Future[bytes]"]
    refusal: dict[str, Any] | None = None


@task("certificates.batch")
def issue_batch(work: Work) -> None:
    """Accept device after device, print their certificates on all cores, and say how far it is after each device.

    A second attempt finds each device accepted and each certificate numbered, and prints those that lack their PDF.
    """
    caller = caller_from(work.payload["caller"])
    device_ids = [UUID(one) for one in work.payload["device_ids"]]
    workshop = work.read(lambda session: organisation(session, caller.organisation_id))
    with presses(len(device_ids)) as press:
        batch = Batch(work, caller, seal_of(work.house, workshop), len(device_ids), press)
        under_way: deque[Printing] = deque()
        for device_id in device_ids:
            under_way.append(_begin(batch, device_id))
            if len(under_way) > AHEAD * cores():
                _end(batch, under_way.popleft())
        while under_way:
            _end(batch, under_way.popleft())
    result = {
        "certificate_ids": batch.certificate_ids,
        "refusals": batch.refusals,
        "accepted": batch.total - len(batch.refusals),
    }
    work.finish(lambda _: result)


def _begin(batch: Batch, device_id: UUID) -> Printing:
    """Accept, number and freeze in one transaction, and have the pages drawn; a refusal is this device's alone."""

    def accept(session: Session) -> list[Certificate]:
        return accept_and_number(session, batch.caller, batch.seal, device_id)

    try:
        certificates = batch.work.step(accept)
    except Refusal as refusal:
        if refusal.code in TRIED_AGAIN:
            raise
        return Printing([], {}, told(device_id, refusal))
    files, key = batch.work.house.files, batch.seal.pdf_key
    pages = {
        one.id: batch.press.submit(print_certificate, paper_of(files, one), key)
        for one in certificates
        if one.document_id is None
    }
    return Printing(certificates, pages)


def _end(batch: Batch, printing: Printing) -> None:
    """Keep the pages and enter them, with the progress, in one transaction per device."""
    kept: list[tuple[UUID, str, int]] = []
    for certificate_id, page in printing.pages.items():
        pdf = page.result()
        kept.append((certificate_id, batch.work.house.files.put(pdf), len(pdf)))

    def enter(session: Session) -> None:
        for certificate_id, sha256, size in kept:
            link_rendering(session, certificate_id, sha256=sha256, size=size)

    batch.done += 1
    batch.work.step(enter, done=batch.done, total=batch.total)
    batch.certificate_ids += [one.id for one in printing.certificates]
    batch.refusals += [printing.refusal] if printing.refusal else []
