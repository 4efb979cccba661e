# ruff: noqa: RUF001  # French apostrophes, dashes and minus signs are what the documents print
"""Labels, judged as a scanner judges them: from the rendered page or the dots that the print head burns."""

import io
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from labels.formats import LabelFormat, all_formats, format_by_id
from labels.qr import one_symbol, symbol
from labels.sheet import render_sheet
from labels.text import clean, kept_ltr, runs_rtl, visual
from labels.values import Label, Named
from labels.zpl import render_zpl
from printing import PDFS, cell, dots, pages, scanned, some_labels

HOSTILE = (
    "<script>fetch('http://evil.example/')</script>",
    "]]> -->",
    "x" * 5000,
    "شاشة ديل (تونس) 24",
    "nul\x00bell\x07esc\x1b\ud800",
    "^XZ~JA^FS\\",
    "gnp.exe\u202etxt",
    "電腦 🖥",
)


def test_the_usual_sheet_of_24_comes_first_and_sheets_come_before_rolls() -> None:
    assert all_formats()[0].id == "a4-24"
    assert [f.kind for f in all_formats()] == sorted(f.kind for f in all_formats())
    with pytest.raises(KeyError):
        format_by_id("a5-3")


@pytest.mark.parametrize("label_format", [one for one in PDFS if one.sheet], ids=lambda f: f.id)
def test_every_label_of_a_sheet_lies_on_the_paper_beside_its_neighbours(label_format: LabelFormat) -> None:
    sheet = label_format.sheet
    assert sheet is not None
    assert sheet.columns * sheet.rows == label_format.per_page
    assert sheet.pitch_x_mm >= label_format.width_mm
    assert sheet.pitch_y_mm >= label_format.height_mm
    assert sheet.left_mm + (sheet.columns - 1) * sheet.pitch_x_mm + label_format.width_mm <= sheet.width_mm
    assert sheet.top_mm + (sheet.rows - 1) * sheet.pitch_y_mm + label_format.height_mm <= sheet.height_mm


def test_a_whole_page_of_24_scans_in_one_look() -> None:
    labels = some_labels(24)
    (page,) = pages(render_sheet(format_by_id("a4-24"), labels), 203)
    assert sorted(scanned(page)) == sorted(label.address for label in labels)


def test_a_sheet_already_begun_is_used_from_its_first_free_place() -> None:
    label_format, labels = format_by_id("a4-24"), some_labels(5)
    first, second = pages(render_sheet(label_format, labels, start_at=22), 203)
    assert [scanned(cell(label_format, first, place, 203)) for place in (20, 21, 22, 23)] == [
        [], [labels[0].address], [labels[1].address], [labels[2].address],
    ]  # fmt: skip
    assert scanned(cell(label_format, second, 0, 203)) == [labels[3].address]
    for place in (0, 25):
        with pytest.raises(ValueError, match="places 1 to 24"):
            render_sheet(label_format, labels, start_at=place)
        with pytest.raises(ValueError, match="places 1 to 24"):
            render_sheet(label_format, labels, skip=(place,))
    with pytest.raises(ValueError, match="No place is left"):
        render_sheet(label_format, labels, start_at=24, skip=(24,))


def test_places_already_used_in_the_middle_of_a_sheet_are_left_alone_on_the_first_page_only() -> None:
    label_format, labels = format_by_id("a4-24"), some_labels(24)
    first, second = pages(render_sheet(label_format, labels, start_at=2, skip=(3, 23)), 203)
    read = [scanned(cell(label_format, first, place, 203)) for place in range(24)]
    assert [place + 1 for place, found in enumerate(read) if not found] == [1, 3, 23]
    read += [scanned(cell(label_format, second, place, 203)) for place in range(3)]
    assert [found[0] for found in read if found] == [label.address for label in labels]


def test_code_and_domain_are_printed_in_clear_beside_the_symbol() -> None:
    labels = some_labels(3)
    for label_format in [one for one in PDFS if one.sheet]:
        text = PdfReader(io.BytesIO(render_sheet(label_format, labels))).pages[0].extract_text()
        assert text.count("filiere.example.org") == 3
        assert all(label.code in text for label in labels)
        assert text.count("S/N PF1ABC2D") == 3


def test_the_domain_is_never_cut_however_long() -> None:
    domain = "inventaire-numerique.metropole-europeenne-de-lille.collectivites.example.org"
    label = Label("https://x.example/d/7K3M9QX2BV4", "7K3M-9QX2-BV4", domain)
    for label_format in PDFS:
        text = PdfReader(io.BytesIO(render_sheet(label_format, (label,)))).pages[0].extract_text()
        assert domain in text.replace("\n", "")


def test_no_text_from_outside_reaches_the_printer_as_a_command() -> None:
    labels = some_labels(1, HOSTILE)
    zpl = render_zpl(format_by_id("zpl-62x29-203"), labels).decode("ascii")
    assert re.findall(r"[\^~][A-Z@]{2}", zpl) == ["^XA", "^PW", "^LL", "^LH", "^FO", "^GF", "^FS", "^XZ"]
    assert scanned(dots(zpl.encode())[0]) == [labels[0].address]


def test_hostile_text_neither_breaks_a_sheet_nor_hides_its_codes() -> None:
    for hostile in HOSTILE:
        labels = some_labels(2, (hostile, hostile))
        label_format = format_by_id("a4-24")
        image = pages(render_sheet(label_format, labels), 203)[0]
        assert [scanned(cell(label_format, image, place, 203)) for place in (0, 1)] == [[x.address] for x in labels]


def test_the_same_labels_give_the_same_bytes() -> None:
    labels = some_labels(30)
    assert render_sheet(format_by_id("a4-24"), labels) == render_sheet(format_by_id("a4-24"), labels)
    assert render_zpl(format_by_id("zpl-62x29-203"), labels) == render_zpl(format_by_id("zpl-62x29-203"), labels)


def test_symbols_made_by_adding_are_those_of_the_library() -> None:
    chance = random.Random(7)  # noqa: S311  # addresses for a test open nothing
    for level in ("L", "M", "Q", "H"):
        for length in (1, 14, 41):
            address = "".join(
                chance.choices("abcdefghijklmnopqrstuvwxyzABC0123456789:/.-é"[: 40 if length > 1 else 10], k=length)
            )
            assert symbol(address, level) == one_symbol(address, level)


def test_an_empty_or_endless_address_is_refused() -> None:
    for address in ("", "x" * 501):
        with pytest.raises(ValueError, match="1 to 500 bytes"):
            symbol(address)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("سلام", "\ufee1\ufefc\ufeb3"),  # meem, lam with alef (one letter), seen at the start
        ("(تونس)", "(\ufeb2\ufee7\ufeee\ufe97)"),  # brackets turn with the text
        ("تونس HP 250", "HP 250 \ufeb2\ufee7\ufeee\ufe97"),
        ("HP تونس 250", "HP 250 \ufeb2\ufee7\ufeee\ufe97"),  # the number belongs to the Arabic, and reads forwards
        (f"رقم: {kept_ltr('12-34/5CG')}", "12-34/5CG :\ufee2\ufed7\ufead"),  # a serial number reads as it is stored
        (f"رقم: {kept_ltr('5CG8123XYZ')}", "5CG8123XYZ :\ufee2\ufed7\ufead"),
        ("كِتَاب", "\ufe8f\ufe8e\ufe98\ufedb"),  # vowel signs, which hardly a name has, are left out
    ],
)
def test_arabic_is_joined_and_drawn_from_right_to_left(text: str, seen: str) -> None:
    assert visual(text, rtl=runs_rtl(text)) == seen


@given(st.text())
def test_no_text_whatever_breaks_a_label(text: str) -> None:
    labels = some_labels(1, (text, Named("الرقم", text)))
    assert render_zpl(format_by_id("zpl-51x25-203"), labels)
    assert render_sheet(format_by_id("a4-189"), labels)


def test_what_paper_cannot_carry_becomes_a_visible_mark() -> None:
    assert clean("a\x00b\u202ec\ud800\nd") == "a\ufffdb\ufffdc\ufffd d"
    assert clean("Élan – 12 m²") == "Élan – 12 m²"


def test_a_format_of_the_wrong_kind_and_an_empty_order_are_refused() -> None:
    with pytest.raises(ValueError, match="not a sheet"):
        render_sheet(format_by_id("zpl-62x29-203"), some_labels(1))
    with pytest.raises(ValueError, match="not for ZPL"):
        render_zpl(format_by_id("a4-24"), some_labels(1))
    for render in (render_sheet, render_zpl):
        kind = "a4-24" if render is render_sheet else "zpl-62x29-203"
        with pytest.raises(ValueError, match="no label"):
            render(format_by_id(kind), ())
