"""Naive clocks: in which time zone a log's times are read, who said so, and what could hide behind another zone."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from sqlmodel import col, select

from benches import VM01, at_bench, decide, log_of, upload
from makers import Desk, Town
from reuse import clock
from reuse.errors import Invalid
from reuse.history.queries import history_of
from reuse.people.models import Territory
from reuse.transactions import reading, transaction
from reuse.wiping.actions.offline import verify_certificate_file
from reuse.wiping.evidence.times import compare_clock

LOCAL = datetime(2026, 3, 2, 8, 14, 11, tzinfo=UTC)
"""When vm01's wipe ended by its own clock, read as UTC; read in Paris it is an hour earlier."""
BETWEEN = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
"""A reception after the end as Paris reads it, and before the end as UTC reads it."""


def upload_at(monkeypatch: pytest.MonkeyPatch, moment: datetime, desk: Desk, **fields: str) -> dict[str, Any]:
    """Upload vm01's log at this moment."""
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        answer = upload(desk, log_of("vm01-nwipe"), **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_zone_that_lifts_a_wipe_past_the_reception_needs_the_word_of_data_security(town: Town) -> None:
    device_id = at_bench(town, VM01, received=BETWEEN)
    report = upload(town.technician, log_of("vm01-nwipe"), timezone="UTC").json()
    (item,) = report["items"]
    assert (item["verdict"], item["ended_at"]) == ("pass", "2026-03-02T08:14:11Z")
    assert item["earliest_end_at"] == "2026-03-02T07:14:11Z"
    shut = decide(town.data_security, device_id)
    assert (shut.status_code, shut.json()["missing"]) == (409, ["zone_unconfirmed"])
    assert "time zone" in shut.json()["errors"][0]["message"]
    path = f"/v1/erasure-reports/{report['id']}/time-confirmations"
    body = {"index": 0, "reason": "the stick's clock is on UTC, I looked"}
    assert town.technician.post(path, body).status_code == 403
    assert town.data_security.post(path, body | {"index": 3}).json()["errors"][0]["pointer"] == "/index"
    for _ in range(2):
        confirmed = town.data_security.post(path, body)
        assert confirmed.status_code == 200
        assert confirmed.json()["items"][0]["time_confirmed_by"] == "secu-1"
    with reading(town.house.database) as session:
        told = [one for one in history_of(session, "device", device_id) if one.verb == "erasure_time_confirmed"]
    assert [one.data["reason"] for one in told] == [body["reason"]]
    job = town.data_security.done(decide(town.data_security, device_id))
    (certificate_id,) = job["result"]["certificate_ids"]
    content = town.data_security.get(f"/v1/certificates/{certificate_id}").json()["content"]
    said = content["time_confirmation"]
    assert (said["name"], said["reason"], said["timezone"]) == ("secu-1", body["reason"], "UTC")
    assert (said["ended_at"], said["otherwise_ended_at"]) == (item["ended_at"], item["earliest_end_at"])
    assert abs(datetime.fromisoformat(said["at"]) - told[0].at) < timedelta(seconds=5)
    pdf = town.data_security.get(f"/v1/certificates/{certificate_id}/pdf").content
    text = " ".join(PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())
    assert "Heure du rapport confirmée par" in text
    assert "Horloge lue en / Clock read in UTC" in text
    checked = verify_certificate_file(pdf)
    assert (checked.holds, checked.pages) == (True, "identical")


def test_a_report_sent_right_after_the_wipe_needs_no_word_about_its_zone(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_id = at_bench(town, VM01, received=BETWEEN)
    report = upload_at(monkeypatch, LOCAL + timedelta(minutes=3), town.technician, timezone="UTC")
    assert report["items"][0]["earliest_end_at"] is None
    assert decide(town.data_security, device_id).status_code == 202
    path = f"/v1/erasure-reports/{report['id']}/time-confirmations"
    assert town.data_security.post(path, {"index": 0, "reason": "sure"}).json()["code"] == "time_certain"


def test_the_territory_s_zone_raises_no_doubt_where_utc_would_be_later(town: Town) -> None:
    device_id = at_bench(town, VM01, received=BETWEEN - timedelta(hours=1))
    (item,) = upload(town.technician, log_of("vm01-nwipe")).json()["items"]
    assert (item["earliest_end_at"], item["reasons"]) == (None, [])
    assert decide(town.data_security, device_id).status_code == 202


def test_west_of_greenwich_a_boot_image_on_utc_may_have_ended_before_the_reception(town: Town) -> None:
    with transaction(town.house.database) as session:
        territory = session.exec(select(Territory).where(col(Territory.is_default))).one()
        territory.timezone = "America/Martinique"
        session.add(territory)
    device_id = at_bench(town, VM01, received=LOCAL + timedelta(hours=1))
    (item,) = upload(town.technician, log_of("vm01-nwipe")).json()["items"]
    assert (item["ended_at"], item["earliest_end_at"]) == ("2026-03-02T12:14:11Z", "2026-03-02T08:14:11Z")
    assert decide(town.data_security, device_id).json()["missing"] == ["zone_unconfirmed"]


def test_a_zone_under_which_the_wipe_ends_after_its_own_report_is_refused(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_bench(town, VM01)
    monkeypatch.setattr(clock, "now", lambda: LOCAL)
    refused = upload(town.technician, log_of("vm01-nwipe"), timezone="America/Martinique")
    assert (refused.status_code, refused.json()["code"]) == (400, "wipe_after_upload")
    assert refused.json()["errors"][0]["pointer"] == "/timezone"


def test_a_clock_that_is_ahead_under_every_zone_is_kept_and_waiting_does_not_mend_it(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_id = at_bench(town, VM01)
    report = upload_at(monkeypatch, LOCAL - timedelta(days=1), town.technician)
    assert report["items"][0]["reasons"] == ["report_in_future"]
    assert decide(town.data_security, device_id).json()["missing"] == ["report_in_future"]


@pytest.mark.parametrize(
    ("said", "hours", "reasons"),
    [
        ("Pacific/Kiritimati", 1, ("timezone_doubtful",)),  # 14 hours before what UTC says, uploaded an hour after
        ("UTC", 1, ()),
        ("Pacific/Kiritimati", 40, ()),  # uploaded two days later under either zone: nothing tells them apart
    ],
)
def test_a_zone_that_disagrees_with_the_moment_of_upload_is_remarked(
    said: str, hours: int, reasons: tuple[str, ...]
) -> None:
    zone = {"Pacific/Kiritimati": timedelta(hours=14), "UTC": timedelta()}[said]
    found = compare_clock(LOCAL - zone, said=said, usual="UTC", received_at=LOCAL + timedelta(hours=hours))
    assert found.reasons == reasons


def test_only_the_zone_said_is_to_blame_for_a_refusal() -> None:
    with pytest.raises(Invalid):
        compare_clock(LOCAL + timedelta(hours=4), said="America/Martinique", usual="UTC", received_at=LOCAL)
    west = "America/Martinique"
    found = compare_clock(LOCAL + timedelta(hours=4), said=west, usual=west, received_at=LOCAL)
    assert found.reasons == ("report_in_future",)
    assert found.earliest == LOCAL
