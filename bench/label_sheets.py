"""A hundred labels as a PDF, against a page of HTML with one SVG a label, which is what one would write first."""

from figures import Figure, median_ms
from product import timed
from weasyprint import HTML

from labels.formats import format_by_id
from labels.qr import one_symbol, runs
from labels.sheet import render_sheet
from labels.values import Label
from reuse.devices.rules import mint_code

LABELS = 100
DOMAIN = "reemploi.example"


def measure() -> list[Figure]:
    """Milliseconds, fresh codes each time, so that nothing is remembered of the labels themselves."""
    sheet = format_by_id("a4-24")
    sets = [_labels() for _ in range(12)]
    drawn = [timed(lambda one=one: render_sheet(sheet, one)) for one in sets][1:]
    page = timed(lambda: HTML(string=_page(sets[0])).write_pdf())
    return [Figure("100 labels", "ms", 50, median_ms(drawn), page * 1000, "WeasyPrint, one SVG a label")]


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
