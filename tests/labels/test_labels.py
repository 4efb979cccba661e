# ruff: noqa: RUF001  # French apostrophes, dashes and minus signs are what the documents print
"""Labels, judged as a scanner judges them: from the rendered page or the dots that the print head burns."""

import io
import random
import re

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from labels.formats import LabelFormat, all_formats, format_by_id
from labels.qr import one_symbol, symbol
from labels.sheet import render_sheet
from labels.text import clean, visual_runs
from labels.values import Label
from labels.zpl import render_zpl

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SHEETS = [label_format for label_format in all_formats() if label_format.kind == "pdf"]
ROLLS = [label_format for label_format in all_formats() if label_format.kind == "zpl"]
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


def some_labels(count: int, lines: tuple[str, ...] = ("Lenovo ThinkPad T480", "S/N PF1ABC2D")) -> tuple[Label, ...]:
    chance = random.Random(count)  # noqa: S311  # codes for a test open nothing
    codes = ["".join(chance.choices(ALPHABET, k=11)) for _ in range(count)]
    return tuple(
        Label(f"https://filiere.example.org/d/{c}", f"{c[:4]}-{c[4:8]}-{c[8:]}", "filiere.example.org", lines)
        for c in codes
    )


def pages(pdf: bytes, dpi: int) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=dpi / 72, grayscale=True).to_pil() for page in document]
    finally:
        document.close()


def scanned(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)]


def cell(label_format: LabelFormat, image: Image.Image, place: int, dpi: int) -> Image.Image:
    """What one label of a rendered sheet shows, cut out along the label's own edges."""
    sheet = label_format.sheet
    assert sheet is not None
    row, column = divmod(place, sheet.columns)
    left, top = sheet.left_mm + column * sheet.pitch_x_mm, sheet.top_mm + row * sheet.pitch_y_mm
    edges = (left, top, left + label_format.width_mm, top + label_format.height_mm)
    return image.crop(tuple(round(edge / 25.4 * dpi) for edge in edges))  # type: ignore[arg-type]  # four edges make a box


def dots(zpl: bytes) -> list[Image.Image]:
    """Draw each ^GFA of the stream as a printer would, by the compression of the ZPL II Programming Guide."""
    images: list[Image.Image] = []
    for total, stride, data in re.findall(r"\^GFA,(\d+),\d+,(\d+),([^^]*)\^FS", zpl.decode("ascii")):
        width = int(stride) * 2
        rows: list[str] = []
        row = ""
        for count, char in re.findall(r"([G-Yg-z]*)([0-9A-F:,])", data):
            if char == ":":
                rows.append(rows[-1])
                continue
            times = sum(ord(c) - ord("F") if c < "Z" else (ord(c) - ord("f")) * 20 for c in count)
            row = row.ljust(width, "0") if char == "," else row + char * max(times, 1)
            if len(row) == width:
                rows.append(row)
                row = ""
        bits = bytes.fromhex("".join(rows))
        assert len(bits) == int(total)
        inverted = bits.translate(bytes(reversed(range(256))))
        images.append(Image.frombytes("1", (int(stride) * 8, len(rows)), inverted).convert("L"))
    return images


def test_the_usual_sheet_of_24_comes_first_and_sheets_come_before_rolls() -> None:
    assert all_formats()[0].id == "a4-24"
    assert [f.kind for f in all_formats()] == sorted(f.kind for f in all_formats())
    with pytest.raises(KeyError):
        format_by_id("a5-3")


@pytest.mark.parametrize("label_format", SHEETS, ids=lambda f: f.id)
def test_every_label_of_a_sheet_lies_on_the_paper_beside_its_neighbours(label_format: LabelFormat) -> None:
    sheet = label_format.sheet
    assert sheet is not None
    assert sheet.columns * sheet.rows == label_format.per_page
    assert sheet.pitch_x_mm >= label_format.width_mm
    assert sheet.pitch_y_mm >= label_format.height_mm
    assert sheet.left_mm + (sheet.columns - 1) * sheet.pitch_x_mm + label_format.width_mm <= sheet.width_mm
    assert sheet.top_mm + (sheet.rows - 1) * sheet.pitch_y_mm + label_format.height_mm <= sheet.height_mm


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("label_format", SHEETS, ids=lambda f: f.id)
def test_a_hundred_labels_scan_from_the_rendered_page(label_format: LabelFormat, dpi: int) -> None:
    labels = some_labels(100)
    images = pages(render_sheet(label_format, labels), dpi)
    read = [
        scanned(cell(label_format, images[place // label_format.per_page], place % label_format.per_page, dpi))
        for place in range(len(labels))
    ]
    assert read == [[label.address] for label in labels]


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


def test_code_and_domain_are_printed_in_clear_beside_the_symbol() -> None:
    labels = some_labels(3)
    for label_format in SHEETS:
        text = PdfReader(io.BytesIO(render_sheet(label_format, labels))).pages[0].extract_text()
        assert text.count("filiere.example.org") == 3
        assert all(label.code in text for label in labels)
        assert text.count("S/N PF1ABC2D") == 3


def test_the_domain_is_never_cut_however_long() -> None:
    domain = "inventaire-numerique.metropole-europeenne-de-lille.collectivites.example.org"
    label = Label("https://x.example/d/7K3M9QX2BV4", "7K3M-9QX2-BV4", domain)
    for label_format in SHEETS:
        text = PdfReader(io.BytesIO(render_sheet(label_format, (label,)))).pages[0].extract_text()
        assert domain in text.replace("\n", "")


@pytest.mark.parametrize("label_format", ROLLS, ids=lambda f: f.id)
def test_a_hundred_roll_labels_scan_from_the_dots_that_the_printer_burns(label_format: LabelFormat) -> None:
    labels = some_labels(100)
    images = dots(render_zpl(label_format, labels))
    assert [scanned(image) for image in images] == [[label.address] for label in labels]
    assert label_format.dpi is not None
    assert images[0].height == round(label_format.height_mm / 25.4 * label_format.dpi)


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


@pytest.mark.parametrize("label_format", SHEETS, ids=lambda f: f.id)
def test_no_text_runs_over_the_edge_of_its_label(label_format: LabelFormat) -> None:
    labels = some_labels(1, tuple(text[:300] for text in HOSTILE))
    image = pages(render_sheet(label_format, labels), 300)[0]
    label = cell(label_format, image, 0, 300)
    left, top = round(label_format.sheet.left_mm / 25.4 * 300), round(label_format.sheet.top_mm / 25.4 * 300)  # type: ignore[union-attr]  # these formats are sheets
    image.paste(255, (left, top, left + label.width, top + label.height))
    assert image.getextrema() == (255, 255)


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


def test_arabic_is_joined_and_drawn_from_right_to_left() -> None:
    assert visual_runs("سلام") == [("\ufee1\ufefc\ufeb3", True)]  # meem, lam with alef (one letter), seen at the start
    assert visual_runs("(تونس)") == [("(\ufeb2\ufee7\ufeee\ufe97)", True)]  # brackets turn with the text
    assert visual_runs("تونس HP 250")[0][0].strip() == "HP 250"
    ((first, _), (second, _)) = visual_runs("HP تونس 250")
    assert first.strip() == "HP"
    assert second.startswith("250")  # the number reads forwards, at the end of the Arabic, which is on the left


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
