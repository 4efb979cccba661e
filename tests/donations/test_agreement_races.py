"""Two at the same moment over one agreement, on both databases: each side counts once, none accepts what changed."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from agreeing import declared, drafted, path_of
from makers import Desk, Town, make_key, open_doors, overlapping, settle_town
from reuse.donations.actions.agreements import accept_agreement, draft_agreement
from reuse.donations.actions.register import SaidLine, edit_donation
from reuse.donations.models import Donation
from reuse.donations.queries import donation_for
from reuse.errors import Conflict
from reuse.history.queries import history_of, verify_history
from reuse.house import House
from reuse.people.actions import caller_of_key
from reuse.people.models import Organisation
from reuse.people.rules import Caller
from reuse.transactions import reading

Act = Callable[[Session, Caller, Donation], Any]


@pytest.fixture
def two_towns(any_house: House) -> Iterator[Town]:
    """A town on each database in turn."""
    with open_doors(any_house) as client:
        yield settle_town(any_house, client)


def by(desk: Desk, house: House, donation: dict[str, Any], act: Act) -> Callable[[Session], Any]:
    """What the holder of a desk's key does with the donation, in whatever transaction."""

    def work(session: Session) -> Any:
        caller = caller_of_key(session, desk.key, secret_key=house.secret_key)
        assert caller is not None
        return act(session, caller, donation_for(session, caller, UUID(donation["id"])))

    return work


def accept(session: Session, caller: Caller, donation: Donation) -> None:
    accept_agreement(session, caller, donation, sha256=None)


def edit(session: Session, caller: Caller, donation: Donation) -> None:
    edit_donation(session, caller, donation, lines=[SaidLine("laptop", 99)], version=None)


def verbs(house: House, donation: dict[str, Any]) -> list[str]:
    with reading(house.database) as session:
        assert verify_history(session).breaks == ()
        return [one.verb for one in history_of(session, "donation", UUID(donation["id"]))]


def test_two_sides_that_accept_at_once_both_count(two_towns: Town) -> None:
    town, house = two_towns, two_towns.house
    donation = declared(town)
    drafted(town.council, donation)
    overlapping(house, by(town.council, house, donation, accept), by(town.lead, house, donation, accept))
    shown = town.council.get(path_of(donation)).json()
    assert (shown["state"], len(shown["acceptances"])) == ("in_force", 2)
    assert verbs(house, donation)[-2:] == ["agreement_accepted", "agreement_in_force"]


def test_of_two_persons_who_accept_for_one_side_at_once_one_does(two_towns: Town) -> None:
    town, house = two_towns, two_towns.house
    donation = declared(town)
    drafted(town.council, donation)
    with reading(house.database) as session:
        council = session.get_one(Organisation, town.council.organisation_id)
    colleague = Desk(town.client, make_key(house, council, person="agent-8"), council.id)
    with pytest.raises(Conflict) as refused:
        overlapping(house, by(town.council, house, donation, accept), by(colleague, house, donation, accept))
    assert refused.value.code == "already_accepted"
    assert [one["person"] for one in town.lead.get(path_of(donation)).json()["acceptances"]] == ["agent-1"]


def test_who_accepts_while_the_donation_is_being_changed_accepts_nothing(two_towns: Town) -> None:
    town, house = two_towns, two_towns.house
    donation = declared(town)
    drafted(town.council, donation)
    with pytest.raises(Conflict) as refused:
        overlapping(house, by(town.council, house, donation, edit), by(town.lead, house, donation, accept))
    assert refused.value.code == "agreement_outdated"
    assert town.lead.get(path_of(donation)).json()["acceptances"] == []


def test_a_change_that_comes_while_somebody_accepts_comes_after_and_leaves_it_outdated(two_towns: Town) -> None:
    town, house = two_towns, two_towns.house
    donation = declared(town)
    agreement = drafted(town.council, donation)
    overlapping(house, by(town.lead, house, donation, accept), by(town.council, house, donation, edit))
    shown = town.council.get(path_of(donation)).json()
    assert (shown["is_current"], shown["changed"]) == (False, ["lines"])
    assert [one["sha256"] for one in shown["acceptances"]] == [agreement["sha256"]]
    assert verbs(house, donation)[-2:] == ["agreement_accepted", "edited"]


def test_two_who_have_it_drafted_at_once_get_one_agreement(two_towns: Town) -> None:
    town, house = two_towns, two_towns.house
    donation = declared(town)
    overlapping(
        house, by(town.council, house, donation, draft_agreement), by(town.lead, house, donation, draft_agreement)
    )
    shown = drafted(town.council, donation)
    assert (shown["revision"], shown["earlier"]) == (1, [])
    assert drafted(town.lead, donation) == shown
    assert verbs(house, donation).count("agreement_drafted") == 1
    documents = town.lead.get(f"/v1/documents?donation_id={donation['id']}").json()["items"]
    assert [one["sha256"] for one in documents] == [shown["sha256"]]
