"""A donation of 500 laptops in one sitting: taken in, captured, wiped, accepted together, each certified once."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

import captures as tools
from benches import later, log_of, upload
from donating import accepted
from makers import Town
from reuse import clock
from reuse.history.queries import verify_history
from reuse.invariants import violations
from reuse.transactions import reading
from reuse.wiping.actions.offline import verify_certificate_file

COUNT = 500
WIPED = datetime(2026, 3, 2, tzinfo=UTC)
"""When the emulated machine of the log was wiped."""
DRAWN_ANEW = 25
"""Every so manieth certificate is drawn once more and compared to the last byte."""


def serial(n: int) -> str:
    return f"S444NX0K{n:06d}"


def folder_of_logs(days: int) -> bytes:
    """The wipe of every disk, as the bench's folder of logs, dated so many days later."""
    log, out = later(log_of("vm01-nwipe"), days), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(COUNT):
            archive.writestr(f"bench/{n:03d}.log", log.replace(b"S444NX0K512345", serial(n).encode()))
    return out.getvalue()


@pytest.mark.deep
def test_five_hundred_devices_go_from_captured_to_certified_in_one_sitting(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    donation_id = accepted(town, required_erasure="clear")["id"]
    for n in range(COUNT):
        body = {"category": "laptop", "donation_id": donation_id, "serial": f"PF{n:06d}"}
        assert town.lead.post("/v1/devices", body).status_code == 201
        capture = tools.lshw(serial=f"PF{n:06d}", disk=serial(n))
        found = town.technician.post("/v1/captures", files=[("file", ("lshw.json", capture))]).json()
        assert found["state"] == "matched", found
    days, source = (clock.now() - WIPED).days + 2, clock.source
    monkeypatch.setattr(clock, "source", lambda: source() + timedelta(days=3))
    kept = upload(town.technician, folder_of_logs(days), name="bench.zip").json()
    assert (kept["kept"], kept["refused"]) == (COUNT, 0)
    items = [item for file in kept["files"] for item in file["report"]["items"]]
    assert {(item["verdict"], item["medium_id"] is None) for item in items} == {("pass", False)}
    answer = town.data_security.post(f"/v1/donations/{donation_id}/sanitization", {"decision": "accepted"})
    job = town.data_security.done(answer, seconds=600)
    assert (job["state"], job["progress"]) == ("succeeded", {"done": COUNT, "total": COUNT}), job
    assert (job["result"]["accepted"], job["result"]["refusals"]) == (COUNT, [])
    numbers = set[str]()
    for place, certificate_id in enumerate(job["result"]["certificate_ids"]):
        pdf = town.data_security.get(f"/v1/certificates/{certificate_id}/pdf").content
        checked = verify_certificate_file(pdf, draw_pages=place % DRAWN_ANEW == 0)
        assert checked.holds, checked
        assert checked.pages == ("identical" if place % DRAWN_ANEW == 0 else "not_compared")
        numbers.add(checked.number.rpartition("-")[2])
    assert numbers == {f"{n:06d}" for n in range(1, COUNT + 1)}
    with reading(town.house.database) as session:
        assert verify_history(session).breaks == ()
        assert {words: told for words, told in violations(session, town.house.files).items() if told} == {}
