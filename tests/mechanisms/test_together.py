"""Requests that come while one is being served are served together, each with its own answer."""

import threading
from weakref import WeakKeyDictionary

from reuse.db import Database
from reuse.house import House
from reuse.together import Line, line_of, stand_in, take


def test_those_who_wait_are_served_together_in_their_order(house: House) -> None:
    begun, go_on = threading.Event(), threading.Event()
    groups: list[list[int]] = []

    def serve(_: object, line: Line[int, int]) -> None:
        turns = take(line)
        groups.append([turn.ask for turn in turns])
        begun.set()
        go_on.wait(5)
        for turn in turns:
            turn.answer.set_result(turn.ask * 10)

    lines: WeakKeyDictionary[Database, Line[int, int]] = WeakKeyDictionary()
    line = line_of(lines, house.database, serve)
    first = stand_in(line, house.database, 1)
    assert begun.wait(5)
    later = [stand_in(line, house.database, number) for number in (2, 3, 4)]
    later[1].cancel()
    go_on.set()
    assert [first.result(5), later[0].result(5), later[2].result(5)] == [10, 20, 40]
    assert groups == [[1], [2, 4]]


def test_a_full_batch_leaves_the_rest_in_the_line(house: House) -> None:
    line: Line[int, int] = line_of(WeakKeyDictionary(), house.database, lambda _, __: None)
    line.is_served = True  # nobody serves: what stands in the line is looked at
    for weight in (3, 3, 9, 1):
        stand_in(line, house.database, weight)
    groups = [[turn.ask for turn in take(line, lambda ask: ask, 7)] for _ in range(3)]
    assert groups == [[3, 3], [9], [1]]


def test_each_database_has_one_line(house: House) -> None:
    lines: WeakKeyDictionary[Database, Line[int, int]] = WeakKeyDictionary()
    first = line_of(lines, house.database, lambda _, __: None)
    assert line_of(lines, house.database, lambda _, __: None) is first
