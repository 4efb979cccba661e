"""Loads, places, hours and tours: what a round is proposed from, without a database and without a network."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from reuse.devices.rules import categories
from reuse.donations.rules.hours import CLOSED, hours_of_stop, hours_on
from reuse.donations.rules.load import figures, load_of
from reuse.donations.rules.places import Point, distance_km, whereabouts
from reuse.donations.rules.planning import check_capacity
from reuse.donations.rules.tour import (
    MOST_STOPS,
    Basis,
    Call,
    Why,
    arrival_window,
    assumptions,
    follow_order,
    propose_tour,
)
from reuse.errors import Conflict

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
EIGHT, NINE, NOON = 480.0, 540.0, 720.0


def at(latitude: float, longitude: float, *hours: tuple[float, float], hours_are: Why = Why.HOURS) -> Call:
    place = whereabouts({"latitude": str(latitude), "longitude": str(longitude)})
    return Call(place, 20, hours, hours_are)


def in_street(address: str, *hours: tuple[float, float]) -> Call:
    return Call(whereabouts(address), 20, hours)


def order(calls: list[Call], **more: object) -> list[int]:
    return [placed.index for placed in propose_tour(calls, departs=EIGHT, **more).calls]  # type: ignore[arg-type]


def test_every_category_has_a_mass_and_a_volume_and_those_with_a_median_use_it() -> None:
    known = figures()
    assert set(known) == set(categories())
    assert all(mass > 0 and volume > 0 for mass, volume in known.values())
    assert known["laptop"][0] == Decimal(str(categories()["laptop"]["mass_kg_median"])) == Decimal("1.65")


def test_a_load_is_the_sum_of_its_categories() -> None:
    load = load_of({"laptop": 40, "monitor": 10})
    assert (load.devices, load.mass_kg, load.volume_m3) == (50, Decimal("123.3"), Decimal("0.92"))
    assert load + load_of({}) == load


def test_a_load_beyond_payload_or_room_needs_a_reason() -> None:
    load = load_of({"multifunction": 10})  # 250 kg, 2.5 m³
    van = {"vehicle": "Fourgon 1", "what": "round"}
    assert check_capacity(load, payload_kg=250, volume_m3=2.5, reason=None, **van) is False
    for payload_kg, volume_m3 in ((249.9, 9), (900, 2.4)):
        with pytest.raises(Conflict, match=r"about 250 kg and 2\.5 m³ .*Split it") as refused:
            check_capacity(load, payload_kg=payload_kg, volume_m3=volume_m3, reason=" ", **van)
        assert refused.value.code == "over_capacity"
        assert check_capacity(load, payload_kg=payload_kg, volume_m3=volume_m3, reason="two trips", **van) is True


@pytest.mark.parametrize(
    ("address", "postcode", "street"),
    [
        ("12 rue des Ateliers, 59140 Dunkerque", "59140", "12 rue des ateliers"),
        ("12 RUE  des ateliers\n59140 Dunkerque CEDEX", "59140", "12 rue des ateliers"),
        ({"street": "Rue de l'Église", "postal_code": "59140", "city": "Dunkerque"}, "59140", "rue de l eglise"),
        ("10000 route de Troyes, 10000 Troyes", "10000", ""),
        ("8 avenue Habib Bourguiba, 1000 Tunis", "1000", "8 avenue habib bourguiba"),
        (None, "", ""),
    ],
)
def test_an_address_tells_its_postcode_and_street(address: object, postcode: str, street: str) -> None:
    found = whereabouts(address)
    assert (found.postcode, found.street, found.point) == (postcode, street, None)


@pytest.mark.parametrize(
    ("address", "point"),
    [
        ({"lat": "51,03", "lon": "2.37"}, Point(51.03, 2.37)),
        ({"latitude": "91", "longitude": "2"}, None),
        ({"latitude": "north", "longitude": "2"}, None),
        ({"latitude": "nan", "longitude": "2"}, None),
        ({"latitude": "51"}, None),
    ],
)
def test_coordinates_count_only_where_they_can_be_a_place(address: object, point: Point | None) -> None:
    assert whereabouts(address).point == point


def test_a_degree_of_latitude_is_a_hundred_and_eleven_kilometres() -> None:
    assert distance_km(Point(50, 2), Point(51, 2)) == pytest.approx(111.2, abs=0.1)
    assert distance_km(Point(50, 2), Point(50, 2)) == 0


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        ("9h-12h", ((540, 720),)),
        ("lun-ven 8h30-12h, 14h-17h", ((510, 720), (840, 1020))),
        ("du lundi au vendredi de 8h à 16h30", ((480, 990),)),
        ("08:00–17:30", ((480, 1050),)),  # noqa: RUF001  # a dash as people type it
        ("8 à 12h", ((480, 720),)),
        ("mardi 9h-10h ; lundi 14h-16h", ((840, 960),)),
        ("ven-lun 9h-12h", ((540, 720),)),
        ("Tuesday 9:00-12:00", CLOSED),
        ("sonner à l'accueil", ()),
        ("17h-9h", ()),
        ("lundi", ()),
        ("", ()),
        (None, ()),
    ],
)
def test_the_hours_of_a_monday_are_read_from_the_words_of_donors(
    words: str | None, hours: tuple[tuple[float, float], ...]
) -> None:
    assert hours_on(MONDAY, words) == hours


def test_a_booked_slot_counts_before_hours_and_hours_before_wishes() -> None:
    nine_to_five, wish = "9h-17h", [(EIGHT, 600.0)]
    assert hours_of_stop(MONDAY, slot=(EIGHT, NOON), said=None, words=nine_to_five, wishes=[]) == (
        ((NINE, NOON),),
        Why.SLOT,
    )
    shut = hours_of_stop(MONDAY, slot=(EIGHT, NOON), said=None, words="14h-17h", wishes=[])
    assert shut == (((EIGHT, NOON),), Why.SLOT)
    assert hours_of_stop(MONDAY, slot=None, said=None, words=nine_to_five, wishes=wish) == (
        ((NINE, 600.0),),
        Why.WISH,
    )
    assert hours_of_stop(MONDAY, slot=None, said=None, words="14h-17h", wishes=wish)[1] is Why.HOURS
    said = hours_of_stop(MONDAY, slot=None, said=(600.0, 660.0), words=nine_to_five, wishes=[])
    assert said == (((600.0, 660.0),), Why.HOURS)
    another_day = [(-1440.0, -900.0)]
    assert hours_of_stop(MONDAY, slot=None, said=None, words=None, wishes=another_day) == ((), Why.HOURS)


def test_stops_on_a_line_are_taken_one_after_the_other_whatever_order_they_came_in() -> None:
    line = [at(50.0, 2.0 + east) for east in (0.3, 0.1, 0.4, 0.2)]
    start = Point(50.0, 2.0)
    tour = propose_tour(line, departs=EIGHT, start=start)
    assert [placed.index for placed in tour.calls] in ([1, 3, 0, 2], [2, 0, 3, 1])  # out and back: both are as short
    assert tour.basis is Basis.COORDINATES
    there_and_back = 2 * distance_km(start, Point(50.0, 2.4)) * assumptions()["detour"]
    assert tour.kilometres == pytest.approx(there_and_back, abs=0.3)
    assert [placed.why for placed in tour.calls] == [Why.FIRST, Why.NEAREST, Why.NEAREST, Why.NEAREST]


def test_two_opt_uncrosses_what_nearest_neighbours_cross() -> None:
    ring = [(0, 0.2), (0.2, 0.4), (0.4, 0.4), (0.6, 0.2), (0.4, 0), (0.2, 0)]
    calls = [at(50 + north, 2 + east) for north, east in ring]
    shuffled = [calls[n] for n in (3, 0, 4, 1, 5, 2)]
    found = [ring.index(ring[(3, 0, 4, 1, 5, 2)[index]]) for index in order(shuffled, start=Point(49.9, 2.2))]
    steps = {abs(a - b) for a, b in pairwise(found)}
    assert steps <= {1, 5}, found  # round the ring, in one sense or the other


def test_hours_come_before_a_short_tour_and_each_place_says_why() -> None:
    near, far = at(50.0, 2.1), at(50.0, 2.4, (EIGHT, NINE))
    tour = propose_tour([near, far], departs=EIGHT, start=Point(50.0, 2.0))
    assert [(placed.index, placed.why) for placed in tour.calls] == [(1, Why.HOURS), (0, Why.MAKES_ROOM)]
    assert [placed.late for placed in tour.calls] == [0, 0]


def test_who_comes_early_waits_and_who_comes_in_the_lunch_break_waits_for_its_end() -> None:
    (one,) = propose_tour([at(50.0, 2.0, (600, 720), (840, 900))], departs=EIGHT).calls
    assert one.arrives == 600
    (one,) = propose_tour([at(50.0, 2.0, (600, 720), (840, 900))], departs=750).calls
    assert (one.arrives, one.late) == (840, 0)


def test_hours_that_cannot_be_kept_are_said_and_not_hidden() -> None:
    tour = propose_tour([at(50.0, 2.0, (EIGHT, 490)), at(51.0, 4.0, (EIGHT, 490))], departs=EIGHT)
    assert [placed.why for placed in tour.calls] == [Why.FIRST, Why.HOURS_MISSED]
    assert [placed.late > 0 for placed in tour.calls] == [False, True]
    (shut,) = propose_tour([Call(whereabouts("59140"), 20, CLOSED)], departs=EIGHT).calls
    assert (shut.why, shut.late) == (Why.HOURS_MISSED, EIGHT)


def test_without_coordinates_stops_go_by_postcode_and_street_and_say_so() -> None:
    calls = [
        in_street("9 rue de Lille, 59200 Tourcoing"),
        in_street("1 rue du Port, 59140 Dunkerque"),
        in_street("4 rue de Lille, 59200 Tourcoing"),
        in_street("2 quai Nord, 59140 Dunkerque"),
    ]
    tour = propose_tour(calls, departs=EIGHT)
    assert [placed.index for placed in tour.calls] == [1, 3, 2, 0]
    assert (tour.basis, tour.kilometres) == (Basis.POSTCODE, None)
    assert {placed.why for placed in tour.calls} == {Why.POSTCODE}


def test_one_stop_without_coordinates_makes_postcodes_decide_for_all() -> None:
    assert propose_tour([at(50.0, 2.0), in_street("59140")], departs=EIGHT).basis is Basis.POSTCODE


def test_hours_break_the_order_of_postcodes_where_they_must() -> None:
    first = in_street("1 rue A, 59000 Lille", (NOON, 900))
    early = in_street("1 rue B, 62000 Arras", (EIGHT, 510))
    tour = propose_tour([first, early], departs=EIGHT)
    assert [(placed.index, placed.late) for placed in tour.calls] == [(1, 0), (0, 0)]


def test_an_order_set_by_hand_is_kept_and_its_missed_hours_are_told() -> None:
    calls = [at(50.0, 2.1), at(50.0, 2.4, (EIGHT, NINE))]
    tour = follow_order(calls, [0, 1], departs=530, start=Point(50.0, 2.0))
    assert [placed.index for placed in tour.calls] == [0, 1]
    assert [placed.why for placed in tour.calls] == [Why.BY_HAND, Why.HOURS_MISSED]
    assert tour.basis is Basis.BY_HAND


def test_the_same_stops_give_the_same_order_every_time() -> None:
    calls = [at(50 + n % 7 / 10, 2 + n % 5 / 10, *([(NINE, NOON)] if n % 3 == 0 else [])) for n in range(12)]
    assert order(calls) == order(list(calls))


def test_a_proposal_is_never_worse_than_the_order_it_was_given() -> None:
    calls = [at(50 + (n * 37 % 11) / 20, 2 + (n * 53 % 13) / 20) for n in range(MOST_STOPS)]
    start = Point(50.2, 2.2)
    proposed = propose_tour(calls, departs=EIGHT, start=start)
    given = follow_order(calls, range(len(calls)), departs=EIGHT, start=start)
    assert proposed.kilometres is not None
    assert given.kilometres is not None
    assert proposed.kilometres < given.kilometres / 2
    assert sorted(placed.index for placed in proposed.calls) == list(range(MOST_STOPS))


@pytest.mark.parametrize(
    ("arrives", "hours", "window"),
    [
        (487.0, (), (480, 540)),
        (700.0, ((NINE, NOON),), (690, 720)),
        (545.0, ((543.0, NOON),), (543, 600)),
        (719.0, ((NINE, NOON),), (705, 720)),
    ],
)
def test_a_window_is_an_hour_from_a_quarter_and_stays_within_the_hours(
    arrives: float, hours: tuple[tuple[float, float], ...], window: tuple[float, float]
) -> None:
    call = Call(whereabouts("59140"), 20, hours)
    (placed,) = propose_tour([call], departs=arrives).calls
    assert arrival_window(placed, call) == window


def test_every_reason_has_a_sentence_in_both_languages() -> None:
    assert set(assumptions()["why"]) == {why.value for why in Why}
    assert all(said["fr"].endswith(".") and said["en"].endswith(".") for said in assumptions()["why"].values())
