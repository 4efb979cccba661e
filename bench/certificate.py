"""An erasure certificate: PDF/A-3a, tagged, in two languages, with the evidence and the signed JSON attached."""

from datetime import UTC, datetime
from importlib.resources import files
from uuid import UUID

from figures import Figure, median_ms
from product import Server, Shop, new_shop, serving, timed
from sqlmodel import Session, col, select
from weasyprint import HTML

from labels.documents import render_certificate
from labels.values import ErasureCertificate
from reuse.devices.actions.identity import NewDevice, NewMedium, add_devices, add_media
from reuse.devices.actions.milestones import set_milestone
from reuse.devices.rules import Milestone, Status
from reuse.history.rules import SYSTEM
from reuse.pades import sign_pdf
from reuse.pdf_keys import pdf_key
from reuse.transactions import in_transaction
from reuse.wiping.actions.certificates import paper_of
from reuse.wiping.actions.printing import print_certificate
from reuse.wiping.models import Certificate

RECEIVED = datetime(2026, 3, 1, 9, tzinfo=UTC)  # the emulated machine's clock stood at the day after
TIMES = 20


def measure() -> list[Figure]:
    """Milliseconds of rendering a certificate that the product issued, against the same facts as a bare table."""
    with new_shop() as shop, serving(shop.folder) as server:
        value = _issued(shop, server)
        key = pdf_key(shop.house.settings, shop.workshop_id, "Atelier")
        printed = [timed(lambda: print_certificate(value, key)) for _ in range(TIMES)][1:]
        drawn = render_certificate(value)
        signed = [timed(lambda: sign_pdf(drawn, key, at=value.imprint.issued_at)) for _ in range(TIMES)][1:]
        bare = [timed(lambda: HTML(string=_table(value)).write_pdf()) for _ in range(TIMES)][1:]
    alternative = "WeasyPrint, the same facts as a bare table, nothing attached or tagged"
    return [
        Figure("erasure certificate, signed", "ms", 100, median_ms(printed), median_ms(bare), alternative),
        Figure("PAdES signature of it", "ms", None, median_ms(signed), median_ms(printed), "drawing and signing it"),
    ]


def _issued(shop: Shop, server: Server) -> ErasureCertificate:
    """A certificate for the disk of a machine emulated by QEMU, made by the product over HTTP."""
    device_id = in_transaction(shop.house.database, lambda session: _at_bench(session, shop))
    log = files("reuse.data").joinpath("demo/evidence/vm01-lenovo-t480-nvme/nwipe.log").read_text("utf-8")
    station = server.station(shop.key)
    status, answer = station.ask("POST", "/v1/erasure-reports", log.encode())
    status, job = station.ask("POST", f"/v1/devices/{device_id}/sanitization", {"decision": "accepted"})
    if status != 202:
        raise SystemExit(f"{status}: {answer} {job}")
    while job["state"] not in {"succeeded", "failed"}:
        _, job = station.ask("GET", f"/v1/jobs/{job['id']}")
    station.close()
    found = shop.read(
        lambda session: session.exec(select(Certificate).where(col(Certificate.device_id) == device_id)).one()
    )
    return paper_of(shop.house.files, found)


def _at_bench(session: Session, shop: Shop) -> UUID:
    new = NewDevice(
        "laptop",
        Status.in_workshop,
        shop.territory_id,
        workshop_id=shop.workshop_id,
        manufacturer="LENOVO",
        model="20L5S0XX00",
        serial="PF1A2B3C",
        custody_since=RECEIVED,
    )
    (device,) = add_devices(session, SYSTEM, [new], verb="received")
    disk = NewMedium("S444NX0K512345", "ssd_nvme", 67_108_864, "QEMU", "QEMU NVMe Ctrl")
    add_media(session, SYSTEM, device, [disk], source="capture")
    set_milestone(session, SYSTEM, device, Milestone.captured, source="capture")
    return device.id


def _table(value: ErasureCertificate) -> str:
    facts = {name: fact for name, fact in vars(value).items() if isinstance(fact, str | int | datetime)}
    rows = "".join(f"<tr><td>{name}</td><td>{fact}</td></tr>" for name, fact in facts.items())
    return f"<h1>Certificate</h1><table>{rows}</table>"
