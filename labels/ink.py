"""A signature drawn with a finger, as a picture for paper. It was checked where it came in; here it is only drawn."""

import base64
import re

INK_SCHEME = "filiere-ink:"  # in documents: <img src="filiere-ink:…">, the drawing percent-encoded
_PNG_HEAD = "data:image/png;base64,"
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MARGIN, _PEN = 6, 3  # in the units of the drawing


def is_drawing(drawn: str) -> bool:
    """Whether this is a drawing at all, a path or a PNG; any other text is printed as text."""
    if drawn.startswith(_PNG_HEAD):
        return re.fullmatch(r"[A-Za-z0-9+/]+=*", drawn.removeprefix(_PNG_HEAD)) is not None
    return re.fullmatch(r"M[MLQC0-9. ]+", drawn) is not None and len(_NUMBER.findall(drawn)) > 1


def picture(drawn: str) -> tuple[bytes, str]:
    """The drawing as the bytes of a picture and their media type: a PNG as it is, a path as SVG cut to its own size.

    Raises ValueError for what is no drawing.
    """
    if not is_drawing(drawn):
        raise ValueError("A drawn signature holds something else than a line.")
    if drawn.startswith(_PNG_HEAD):
        return base64.b64decode(drawn.removeprefix(_PNG_HEAD), validate=True), "image/png"
    numbers = [float(number) for number in _NUMBER.findall(drawn)]
    across, down = numbers[::2], numbers[1::2]
    left, top = min(across) - _MARGIN, min(down) - _MARGIN
    width, height = max(across) - left + _MARGIN, max(down) - top + _MARGIN
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="{left:g} {top:g} {width:g} {height:g}"><path d="{drawn}" fill="none" stroke="#111" '
        f'stroke-width="{_PEN}" stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
    return svg.encode(), "image/svg+xml"
