# ruff: noqa: RUF001  # the sign of multiplication in sizes
"""Formats that a workshop describes: what fits on a page, what scans, and what the smallest label is."""

from dataclasses import replace

import pytest

from labels.fitting import is_scannable, misfits, smallest_label, too_small
from labels.formats import LabelFormat, Sheet, Symbology, all_formats
from labels.values import Label
from printing import SYMBOLOGIES, printed, scanned

LONGEST = Label("https://filiere.example.org/d/WWWW-WWWW-WWW", "WWWW-WWWW-WWW", "filiere.example.org")
SHEET = Sheet(210, 297, 3, 8, 7.2, 12.9, 66, 33.9)
OWN = LabelFormat("own", "Ours", "pdf", 63.5, 33.9, 24, None, SHEET, "M", "a test")


def wrong(one: LabelFormat) -> list[tuple[str, str]]:
    return [(misfit.pointer, misfit.kind) for misfit in misfits(one, LONGEST)]


def test_what_we_ship_ourselves_fits_for_both_symbols() -> None:
    for one in all_formats():
        assert misfits(one, LONGEST) == []
        assert [too_small(one, LONGEST, symbology) for symbology in SYMBOLOGIES] == [None, None]


def test_labels_must_lie_on_the_sheet_without_overlapping() -> None:
    assert wrong(OWN) == []
    assert wrong(replace(OWN, sheet=replace(SHEET, pitch_x_mm=60))) == [("/sheet/pitch_x_mm", "overlap")]
    assert wrong(replace(OWN, sheet=replace(SHEET, pitch_y_mm=33))) == [("/sheet/pitch_y_mm", "overlap")]
    assert wrong(replace(OWN, sheet=replace(SHEET, columns=4))) == [("/sheet/columns", "off_the_sheet")]
    assert wrong(replace(OWN, sheet=replace(SHEET, top_mm=25.8))) == []
    assert wrong(replace(OWN, sheet=replace(SHEET, top_mm=25.9))) == [("/sheet/rows", "off_the_sheet")]
    column_of_one = replace(SHEET, columns=1, pitch_x_mm=1)
    assert wrong(replace(OWN, sheet=column_of_one)) == []


def test_a_zpl_printer_needs_its_dots_and_has_no_sheets() -> None:
    zpl = replace(OWN, kind="zpl")
    assert wrong(zpl) == [("/dpi", "no_dpi"), ("/sheet", "sheet_on_a_roll")]
    assert wrong(replace(zpl, sheet=None, dpi=203)) == []


@pytest.mark.parametrize("dpi", [None, 203, 300, 600])
@pytest.mark.parametrize("symbology", SYMBOLOGIES)
def test_the_smallest_label_that_we_name_prints_and_scans_and_none_smaller_does(
    dpi: int | None, symbology: Symbology
) -> None:
    tiny = replace(OWN, width_mm=12, height_mm=6, sheet=None, dpi=dpi, symbology=symbology)
    (misfit,) = misfits(tiny, LONGEST)
    width, height = smallest_label(tiny, LONGEST, symbology)
    assert f"{width} × {height} mm" in misfit.sentence
    smallest = replace(tiny, width_mm=width, height_mm=height)
    assert misfits(smallest, LONGEST) == []
    for worse in (replace(smallest, width_mm=width - 1), replace(smallest, height_mm=height - 1)):
        assert not is_scannable(worse, LONGEST, symbology)
    assert scanned(printed(smallest, (LONGEST,), dpi or 300, symbology)[0], symbology) == [LONGEST.address]


def test_the_sentence_names_the_smaller_symbol_as_a_way_out() -> None:
    tiny = replace(OWN, width_mm=18, height_mm=9, sheet=None)
    (misfit,) = misfits(tiny, LONGEST)
    assert "With symbology datamatrix" in misfit.sentence
    assert misfits(replace(tiny, symbology="datamatrix"), LONGEST) == []
