"""Rows set aside while a list is read come back as they were, as often as they are asked for."""

import pytest

from donating import laptops
from reuse.donations.imports import kept as module
from reuse.donations.imports.kept import kept_rows
from reuse.donations.imports.keys import check_list
from reuse.donations.imports.read import open_list, read_file

ODD = "portable;Lénovo;ThinkPad تونس;;;\n"


def test_kept_rows_are_the_good_rows_in_their_order_each_time_they_are_asked_for() -> None:
    content = (laptops(2 * module.TOGETHER + 3) + "dishwasher;;;;;\n" + ODD).encode()
    with kept_rows() as kept:
        checked = check_list(open_list(content), kept)
        first, again = list(kept), list(kept)
    assert first == again == read_file(content).items
    assert (checked.good, len(checked.faults)) == (len(first), 1)


def test_a_list_too_long_for_memory_comes_back_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IN_MEMORY_BYTES", 10)
    content = laptops(module.TOGETHER + 1).encode()
    with kept_rows() as kept:
        check_list(open_list(content), kept)
        assert list(kept) == read_file(content).items
