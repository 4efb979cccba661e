from makers import Town


def test_a_key_says_who_it_stands_for(town: Town) -> None:
    me = town.technician.get("/v1/me").json()
    assert me["organisation"]["name"] == "Atelier Deuxième Souffle"
    assert me["roles"] == ["technician"]
    assert me["person"] == "tech-1"


def test_without_a_key_nobody_enters(town: Town) -> None:
    answer = town.client.get("/v1/me")
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "unauthenticated"
