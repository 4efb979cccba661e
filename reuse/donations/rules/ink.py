"""Signatures drawn with a finger: an SVG path or a small PNG, let in only where every sign of it is understood."""

import base64
import binascii
import re
import struct
import zlib
from collections.abc import Iterator

MOST_CHARACTERS = 120_000
"""Of a drawing as it is sent: a PNG of 64 kB in base 64, with its heading."""
MOST_PATH = 20_000
WIDEST, HIGHEST = 1_200, 600
"""Pixels of a PNG, and the units within which a path is drawn."""
PNG_HEAD = "data:image/png;base64,"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8), 2: (8,), 3: (1, 2, 4, 8), 4: (8,), 6: (8,)}
_TOKEN = re.compile(r"[MLQC]|-?\d{1,4}(?:\.\d{1,3})?|[ ,]+|(?P<odd>.)", re.DOTALL)
_NUMBERS = {"M": 2, "L": 2, "Q": 4, "C": 6}


def checked_drawing(drawn: str) -> str:
    """The drawing in the form in which it is kept, all that is no part of the picture left out.

    An SVG path (W3C SVG 2, 9.3) of absolute M, L, Q and C with numbers from 0 to 1,200 across and 600 down; or a PNG
    (ISO/IEC 15948) of at most 1,200 by 600 pixels, 8 bits a channel, not interlaced, as a data URL. ValueError with a
    sentence otherwise.
    """
    if len(drawn) > MOST_CHARACTERS:
        raise ValueError(f"A drawn signature has at most {MOST_CHARACTERS} characters; draw it smaller")
    if drawn.startswith(PNG_HEAD):
        return PNG_HEAD + base64.b64encode(_checked_png(drawn.removeprefix(PNG_HEAD))).decode()
    return _checked_path(drawn)


def _checked_path(path: str) -> str:
    if len(path) > MOST_PATH:
        raise ValueError(f"A drawn signature as a path has at most {MOST_PATH} characters; leave points out")
    strokes: list[str] = []
    for command, numbers in _segments(path):
        wanted = _NUMBERS[command]
        if not numbers or len(numbers) % wanted:
            raise ValueError(f"{command} of a drawn signature takes {wanted} numbers at a time")
        if any(not 0 <= n <= (HIGHEST if place % 2 else WIDEST) for place, n in enumerate(numbers)):
            raise ValueError(f"A signature is drawn within {WIDEST} across and {HIGHEST} down")
        strokes.append(command + " ".join(f"{number:g}" for number in numbers))
    if len(strokes) < 2 or not strokes[0].startswith("M"):  # noqa: PLR2004  # a point is no stroke
        raise ValueError("A drawn signature begins with M and has a stroke, such as M10 80 L60 20 L110 80")
    return " ".join(strokes)


def _segments(path: str) -> Iterator[tuple[str, list[float]]]:
    command, numbers = "", list[float]()
    for token in _TOKEN.finditer(path.strip()):
        text = token[0]
        if token["odd"] is not None:
            raise ValueError("A drawn signature is an SVG path of M, L, Q, C and plain numbers, or a PNG as a data URL")
        if text in _NUMBERS:
            if command:
                yield command, numbers
            command, numbers = text, []
        elif text.strip(" ,"):
            if not command:
                raise ValueError("A drawn signature begins with M, such as M10 80 L60 20")
            numbers.append(float(text))
    if command:
        yield command, numbers


def _checked_png(written: str) -> bytes:
    """The PNG made anew of the chunks that draw it; ValueError where it is not whole, or is larger than it says."""
    try:
        content = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("The PNG of a drawn signature is not whole in base 64") from error
    if not content.startswith(_SIGNATURE):
        raise ValueError("The drawn signature says that it is a PNG, and is none")
    chunks = list(_chunks(content[len(_SIGNATURE) :]))
    kinds = [kind for kind, _ in chunks]
    if not kinds or kinds[0] != b"IHDR" or kinds[-1] != b"IEND" or kinds.count(b"IHDR") != 1:
        raise ValueError("The PNG of the drawn signature is cut off")
    _check_pixels(
        chunks[0][1], b"".join(data for kind, data in chunks if kind == b"IDAT"), has_palette=b"PLTE" in kinds
    )
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _chunks(rest: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks that draw; texts, times and profiles are left out."""
    while rest:
        if len(rest) < 12:  # noqa: PLR2004  # length, kind and checksum
            raise ValueError("The PNG of the drawn signature is cut off")
        (length,) = struct.unpack(">I", rest[:4])
        kind, data, mark = rest[4:8], rest[8 : 8 + length], rest[8 + length : 12 + length]
        if len(mark) < 4 or zlib.crc32(kind + data) != struct.unpack(">I", mark)[0]:  # noqa: PLR2004
            raise ValueError("The PNG of the drawn signature is damaged")
        if kind in _KEPT:
            yield kind, data
        if kind == b"IEND":
            return
        rest = rest[12 + length :]


def _check_pixels(header: bytes, packed: bytes, *, has_palette: bool) -> None:
    if len(header) != 13:  # noqa: PLR2004  # ISO/IEC 15948, 11.2.2
        raise ValueError("The PNG of the drawn signature is damaged")
    width, height, depth, colour, compression, method, interlace = struct.unpack(">IIBBBBB", header)
    if not (0 < width <= WIDEST and 0 < height <= HIGHEST):
        raise ValueError(f"A drawn signature is at most {WIDEST} by {HIGHEST} pixels; this one is {width} by {height}")
    if depth not in _DEPTHS.get(colour, ()) or compression or method or interlace or (colour == 3 and not has_palette):  # noqa: PLR2004  # colours of a palette
        raise ValueError("Send the drawn signature as a plain PNG: 8 bits a channel, not interlaced")
    line = 1 + (width * depth * _CHANNELS[colour] + 7) // 8
    reader = zlib.decompressobj()
    try:
        lines = reader.decompress(packed, line * height + 1)
    except zlib.error as error:
        raise ValueError("The PNG of the drawn signature is damaged") from error
    if len(lines) != line * height or any(lines[start] > 4 for start in range(0, len(lines), line)):  # noqa: PLR2004  # filters
        raise ValueError("The PNG of the drawn signature does not hold the picture that it says")
