from makers import Town


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
