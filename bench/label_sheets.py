"""A thousand labels in each way of printing, against a page of HTML with one SVG a label, the first idea one has."""

from figures import Figure, median_ms
from product import timed
from weasyprint import HTML

from labels.formats import LabelFormat, format_by_id
from labels.qr import one_symbol, runs
from labels.sheet import render_sheet
from labels.values import Label
from labels.zpl import render_zpl
from reuse.devices.rules import mint_code

LABELS = 1000
DOMAIN = "reemploi.example"
PRINTED = (
    ("a4-24", "1,000 labels on A4"),
    ("a4-189", "1,000 labels on A4, the smallest"),
    ("brother-62x29", "1,000 labels on a roll, PDF"),
    ("zpl-62x29-300", "1,000 labels in ZPL, 300 dpi"),
)


def measure() -> list[Figure]:
    """Milliseconds, fresh codes each time, so that nothing is remembered of the labels themselves."""
    sets = [_labels() for _ in range(6)]
    page = timed(lambda: HTML(string=_page(sets[0])).write_pdf())
    figures: list[Figure] = []
    for format_id, name in PRINTED:
        chosen = format_by_id(format_id)
        drawn = [timed(lambda one=one, chosen=chosen: _print(chosen, one)) for one in sets][1:]
        figures.append(Figure(name, "ms", 500, median_ms(drawn), page * 1000, "WeasyPrint, one SVG a label"))
    return figures


def _print(chosen: LabelFormat, labels: tuple[Label, ...]) -> bytes:
    return render_zpl(chosen, labels) if chosen.kind == "zpl" else render_sheet(chosen, labels)


def _labels() -> tuple[Label, ...]:
    codes = [mint_code() for _ in range(LABELS)]
    return tuple(
        Label(f"https://{DOMAIN}/d/{code}", code, DOMAIN, ("Dell Latitude 5490", f"S/N {n:07d}"))
        for n, code in enumerate(codes)
    )


def _page(labels: tuple[Label, ...]) -> str:
    return "".join(f'<div style="float:left;width:60mm">{_svg(one)}<p>{one.code}</p></div>' for one in labels)


def _svg(label: Label) -> str:
    code = one_symbol(label.address)
    dark = "".join(f'<rect x="{x}" y="{y}" width="{length}" height="1"/>' for x, y, length in runs(code))
    return f'<svg width="28mm" height="28mm" viewBox="-4 -4 {code.size + 8} {code.size + 8}">{dark}</svg>'
