import io

from pypdf import PdfReader

from makers import Town
from makers_distribution import handed_over, listed_devices, reserved


def test_without_hand_overs_the_impact_is_nothing_and_names_its_factors(town: Town) -> None:
    impact = town.region.get("/v1/impact").json()
    assert impact["devices"] == 0
    assert impact["kg_co2e"] == {"low": 0, "central": 0, "high": 0}
    assert impact["factor_set"] in {one["id"] for one in town.region.get("/v1/factor-sets").json()["items"]}


def test_an_unknown_factor_set_is_refused(town: Town) -> None:
    assert town.region.get("/v1/impact?factor_set=nothing").json()["code"] == "unknown_factor_set"


def test_a_bad_period_is_refused_with_its_place(town: Town) -> None:
    answer = town.region.get("/v1/impact?from=yesterday")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/from"


def three(low: float, central: float, high: float) -> dict[str, float]:
    return {"low": low, "central": central, "high": high}


def test_a_hand_over_counts_at_once_and_its_lines_add_up(town: Town) -> None:
    for category, count in (("laptop", 2), ("smartphone", 1), ("printer", 1)):
        handed_over(town.network, reserved(town.network, listed_devices(town, count, category=category)))
    impact = town.region.get("/v1/impact").json()
    assert impact["devices"] == 4
    assert impact["not_covered"] == {"printer": 1}
    assert [(one["category"], one["devices"]) for one in impact["by_category"]] == [
        ("laptop", 2),
        ("printer", 1),
        ("smartphone", 1),
    ]
    lines = town.region.get(impact["entries_url"]).json()["items"]
    for name in ("low", "central", "high"):
        summed = sum(line["kg_co2e"][name] for line in lines if line["kg_co2e"])
        assert round(summed, 3) == impact["kg_co2e"][name]
    laptop = next(line for line in lines if line["category"] == "laptop")
    assert {name: round(value, 2) for name, value in laptop["kg_co2e"].items()} == three(25.38, 81.0, 107.9)


def test_a_return_takes_back_what_its_hand_over_counted(town: Town) -> None:
    [device_id] = listed_devices(town, 1)
    handed_over(town.network, reserved(town.network, [device_id]))
    before = town.region.get("/v1/impact").json()
    answer = town.network.post(f"/v1/devices/{device_id}/returns", {"reason": "screen went dark"})
    assert answer.status_code == 201, answer.text
    after = town.region.get("/v1/impact").json()
    assert (before["devices"], after["devices"]) == (1, 0)
    assert after["kg_co2e"] == three(0, 0, 0)
    assert [line["times"] for line in town.region.get("/v1/impact/entries").json()["items"]] == [1, -1]


def test_each_sees_the_impact_of_its_own_devices(town: Town) -> None:
    handed_over(town.network, reserved(town.network, listed_devices(town, 1, donor=town.company)))
    seen = {name: getattr(town, name).get("/v1/impact").json()["devices"] for name in ("company", "lead", "network")}
    unseen = {name: getattr(town, name).get("/v1/impact").json()["devices"] for name in ("council", "stranger")}
    assert seen == {"company": 1, "lead": 1, "network": 1}
    assert unseen == {"council": 0, "stranger": 0}


def test_a_report_is_printed_and_never_changes(town: Town) -> None:
    [device_id] = listed_devices(town, 1)
    handed_over(town.network, reserved(town.network, [device_id]))
    job = town.region.done(town.region.post("/v1/impact-reports", {"language": "en"}))
    assert job["state"] == "succeeded", job
    content = town.region.get(f"/v1/documents/{job['result']['document_id']}/content")
    town.network.post(f"/v1/devices/{device_id}/returns", {"reason": "screen went dark"})
    again = town.region.get(f"/v1/documents/{job['result']['document_id']}/content")
    assert content.content == again.content
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content.content)).pages)
    assert "81" in text
    assert "fr-ademe-2026-07" in text


def test_a_report_names_nothing_that_its_issuer_may_not_know(town: Town) -> None:
    elsewhere = str(town.stranger.organisation_id)
    assert town.region.post("/v1/impact-reports", {"donor_id": elsewhere}).status_code == 404
