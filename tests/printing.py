"""A printed label as a scanner sees it: the rendered page, or the dots that a print head burns."""

import random
import re

import pypdfium2
import zxingcpp
from PIL import Image

from labels.formats import LabelFormat, Symbology, all_formats
from labels.sheet import render_sheet
from labels.values import Label, Named
from labels.zpl import render_zpl

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PDFS = [label_format for label_format in all_formats() if label_format.kind == "pdf"]
ZPLS = [label_format for label_format in all_formats() if label_format.kind == "zpl"]
SYMBOLOGIES: tuple[Symbology, ...] = ("qr", "datamatrix")
KINDS = {"qr": zxingcpp.BarcodeFormat.QRCode, "datamatrix": zxingcpp.BarcodeFormat.DataMatrix}


def some_labels(
    count: int, lines: tuple[str | Named, ...] = ("Lenovo ThinkPad T480", "S/N PF1ABC2D")
) -> tuple[Label, ...]:
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


def scanned(image: Image.Image, symbology: Symbology = "qr") -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image, formats=KINDS[symbology])]


def cell(label_format: LabelFormat, image: Image.Image, place: int, dpi: int) -> Image.Image:
    """What one label of a rendered page shows, cut out along the label's own edges."""
    sheet = label_format.page
    row, column = divmod(place, sheet.columns)
    left, top = sheet.left_mm + column * sheet.pitch_x_mm, sheet.top_mm + row * sheet.pitch_y_mm
    width = label_format.width_mm if label_format.sheet else sheet.width_mm
    height = label_format.height_mm if label_format.sheet else sheet.height_mm
    return image.crop(tuple(round(edge / 25.4 * dpi) for edge in (left, top, left + width, top + height)))  # type: ignore[arg-type]  # four edges make a box


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
        assert row == ""
        bits = bytes.fromhex("".join(rows))
        assert len(bits) == int(total)
        inverted = bits.translate(bytes(reversed(range(256))))
        images.append(Image.frombytes("1", (int(stride) * 8, len(rows)), inverted).convert("L"))
    return images


def printed(
    label_format: LabelFormat, labels: tuple[Label, ...], dpi: int, symbology: Symbology = "qr"
) -> list[Image.Image]:
    """Each label as a picture of its own: the page rendered at that many dots an inch, or the printer's own dots."""
    if label_format.kind == "zpl":
        return dots(render_zpl(label_format, labels, symbology))
    images = pages(render_sheet(label_format, labels, symbology=symbology), dpi)
    per_page = label_format.per_page
    return [cell(label_format, images[n // per_page], n % per_page, dpi) for n in range(len(labels))]
