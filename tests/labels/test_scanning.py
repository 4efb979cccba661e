"""Every format with every symbol, scanned from the paper; and nothing on the paper stands where it must not."""

from itertools import product

import pytest
from PIL import Image, ImageChops

from labels.formats import LabelFormat, Symbology, all_formats, format_by_id
from labels.layout import frame_of
from labels.symbols import datamatrix, symbol_of, whole_dots
from labels.values import Named
from printing import SYMBOLOGIES, printed, scanned, some_labels

# A ZPL printer has its own dots; a page is turned into dots at both of the resolutions that printers have.
PRINTS = [
    pytest.param(one, dpi, symbology, id=f"{one.id}-{dpi}-{symbology}")
    for one, dpi, symbology in product(all_formats(), (203, 300), SYMBOLOGIES)
    if one.kind == "pdf" or one.dpi == dpi
]
FULL = (
    "شاشة ديل (تونس) 24 بوصة عالية الدقة",
    Named("الرقم التسلسلي", "5CG8123-XYZ/77"),
    "Wüstenrot Élite 電腦 🖥 gjpqy|_Ç",
    "Atelier Deuxième Souffle de la Métropole du Nord et du Littoral",
    "ورشة تونس للتضامن الرقمي",
)


@pytest.mark.parametrize(("label_format", "dpi", "symbology"), PRINTS)
def test_a_hundred_labels_scan_all(label_format: LabelFormat, dpi: int, symbology: Symbology) -> None:
    labels = some_labels(100)
    assert [scanned(one, symbology) for one in printed(label_format, labels, dpi, symbology)] == [
        [label.address] for label in labels
    ]


@pytest.mark.deep
@pytest.mark.parametrize(("label_format", "dpi", "symbology"), PRINTS)
def test_five_thousand_labels_scan_all(label_format: LabelFormat, dpi: int, symbology: Symbology) -> None:
    labels = some_labels(5000, FULL)
    for start in range(0, len(labels), 500):
        some = labels[start : start + 500]
        assert [scanned(one, symbology) for one in printed(label_format, some, dpi, symbology)] == [
            [label.address] for label in some
        ]


@pytest.mark.parametrize(("label_format", "dpi", "symbology"), PRINTS)
def test_a_full_label_keeps_off_its_edges_and_off_its_symbol(
    label_format: LabelFormat, dpi: int, symbology: Symbology
) -> None:
    """The strips that the printer does not reach, the symbol's quiet zone and a rim of the label stay white."""
    labels = some_labels(2, FULL)
    bare = printed(label_format, tuple(type(one)(one.address, "-", "-") for one in labels), dpi, symbology)
    frame = frame_of(label_format)
    code = symbol_of(labels[0].address, symbology, label_format.error_correction)
    scale = dpi / 72
    for full, plain in zip(printed(label_format, labels, dpi, symbology), bare, strict=True):
        ink = ImageChops.invert(full).point(lambda grey: 255 if grey > 40 else 0).getbbox()
        assert ink is not None
        left, top, right, bottom = ink
        rim_x = max(1, int(label_format.margin_x_mm / 25.4 * dpi))
        rim_y = max(0, int(label_format.margin_y_mm / 25.4 * dpi))
        assert left >= rim_x
        assert right <= full.width - rim_x
        assert top >= rim_y
        assert bottom <= full.height - rim_y
        beside = int((frame.left + frame.side) * scale)
        square = (0, 0, beside - 1, full.height)
        assert ImageChops.difference(full.crop(square), plain.crop(square)).getbbox() is None, "text in the symbol"
        dark = ImageChops.invert(plain.crop(square)).point(lambda grey: 255 if grey > 127 else 0).getbbox()
        assert dark is not None
        if label_format.dpi == dpi:
            assert dark[2] - dark[0] == dark[3] - dark[1] == code.size * whole_dots(frame.side, code, dpi)
        quiet = code.quiet * frame.side / code.modules * scale - 2
        assert dark[2] + quiet <= beside, "the white beside the symbol is too narrow"
        text = full.crop((beside, 0, full.width, full.height))
        assert ImageChops.invert(text).getbbox() is not None


@pytest.mark.parametrize("symbology", SYMBOLOGIES)
@pytest.mark.parametrize("name", ["brother-62x29", "dymo-54x25"])
def test_on_a_roll_each_module_is_whole_dots_of_the_printer(name: str, symbology: Symbology) -> None:
    """Turned into dots at the printer's own resolution the symbol has no grey: a driver has nothing to round."""
    label_format = format_by_id(name)
    (label,) = some_labels(1, ())
    (image,) = printed(label_format, (label,), 300, symbology)
    frame = frame_of(label_format)
    beside = int((frame.left + frame.side) / 72 * 300)
    image = image.crop((0, 0, beside, image.height))
    code = symbol_of(label.address, symbology, label_format.error_correction)
    dots = whole_dots(frame.side, code, 300)
    left, top, right, bottom = ImageChops.invert(image).getbbox() or (0, 0, 0, 0)
    assert (right - left, bottom - top) == (dots * code.size, dots * code.size)
    grey = bytes(255 * (row >> n & 1 ^ 1) for row in code.rows for n in reversed(range(code.size)))
    modules = Image.frombytes("L", (code.size, code.size), grey).resize((right - left, bottom - top), 0)
    assert ImageChops.difference(image.crop((left, top, right, bottom)), modules).getbbox() is None


def test_a_data_matrix_is_square_whatever_it_holds_and_smaller_than_a_qr_code() -> None:
    for address in ("x", "https://reemploi.example/d/7K3M-9QX2-BV4", some_labels(1)[0].address, "é" * 200):
        code = datamatrix(address)
        assert len(code.rows) == code.size
        assert code.modules < symbol_of(address, "qr", "L").modules
    for address in ("", "x" * 501):
        with pytest.raises(ValueError, match="1 to 500 bytes"):
            datamatrix(address)
