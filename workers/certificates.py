from datetime import datetime
from uuid import UUID

from reuse.wiping.actions.certificates import Seal, issue_certificate, link_rendering, paper_of, seal_of
from reuse.wiping.actions.matching import match_device, match_report
from reuse.wiping.actions.media import end_disposals_of_found
from reuse.wiping.actions.printing import print_certificate
from reuse.wiping.queries.certificates import acceptance
from workers.task import Work, task


@task("wiping.match")
def match_waiting_reports(work: Work) -> None:
    """Look again whether waiting erasure reports speak of a device's new media, or one report of any."""
    names = work.payload
    look_again = match_device if "device_id" in names else match_report
    thing_id = UUID(str(names.get("device_id", names.get("report_id"))))
    work.finish(lambda session: {"matched": look_again(session, thing_id)})


@task("wiping.found_again")
def end_disposals(work: Work) -> None:
    """Take back that media were destroyed, removed or absent, where a capture has found them since."""
    device_id, at = UUID(str(work.payload["device_id"])), datetime.fromisoformat(str(work.payload["at"]))
    medium_ids = [UUID(one) for one in work.payload["medium_ids"]]
    work.finish(lambda session: {"ended": end_disposals_of_found(session, device_id, medium_ids, at=at)})


@task("certificates.issue")
def issue_certificates(work: Work) -> None:
    """Number and freeze one certificate per medium, render each outside any transaction, and link it."""
    sanitization_id = UUID(str(work.payload["sanitization_id"]))
    workshop, media = work.read(lambda session: acceptance(session, sanitization_id))
    seal = seal_of(work.house, workshop)
    issued = [_issue(work, seal, sanitization_id, medium_id, (n, len(media))) for n, medium_id in enumerate(media, 1)]
    work.finish(lambda _: {"certificate_ids": issued})


def _issue(work: Work, seal: Seal, sanitization_id: UUID, medium_id: UUID, progress: tuple[int, int]) -> str:
    """Each step is one transaction that finds what an earlier attempt has done; between them nothing is held."""
    done, total = progress
    certificate = work.step(
        lambda session: issue_certificate(session, seal, sanitization_id=sanitization_id, medium_id=medium_id)
    )
    if certificate.document_id is None:
        pdf = print_certificate(paper_of(work.house.files, certificate), seal.pdf_key)
        digest = work.house.files.put(pdf)
        work.step(
            lambda session: link_rendering(session, certificate.id, sha256=digest, size=len(pdf)),
            done=done,
            total=total,
        )
    return str(certificate.id)
