from sqlalchemy import func
from sqlmodel import select

from makers import Town, make_organisation
from reuse.house import House
from reuse.people.models import Organisation
from reuse.people.rules import Activity
from reuse.transactions import reading


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


def test_who_reads_sees_one_moment_whatever_is_written_meanwhile(any_house: House) -> None:
    make_organisation(any_house, "Avant", Activity.donor)
    with reading(any_house.database) as session:
        before = session.exec(select(func.count()).select_from(Organisation)).one()
        make_organisation(any_house, "Pendant", Activity.donor)
        assert session.exec(select(func.count()).select_from(Organisation)).one() == before
    with reading(any_house.database) as session:
        assert session.exec(select(func.count()).select_from(Organisation)).one() == before + 1
