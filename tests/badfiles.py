"""More than a hundred files that nobody should send as a donor's list, made here, by name."""

import io
import json
import random
import struct
import zipfile
from collections.abc import Iterator

from donating import workbook
from lists import archive, inventories, inventory, ods, ods_row

LIST = "Catégorie;N° de série;IMEI;Qté;Année;Remarque\nportable;SN-1;;1;2019;bon\nécran;;;3;;\ntablette;SN-3;;;2020;x\n"
SHEET = [["Catégorie", "N° de série"], ["portable", "SN-1"], ["écran", "SN-2"]]


def bad_files() -> dict[str, bytes]:
    """All of them; always the same ones."""
    return dict([*_texts(), *_encodings(), *_quotes(), *_archives(), *_opendocument(), *_json(), *_torn(), *_cells()])


def _texts() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "a mark alone", b"\xef\xbb\xbf"
    yield "blanks", b" \r\n\t\r\n"
    yield "one word", b"bonjour"
    yield "a header alone", b"category;serial\n"
    yield "a header and empty rows", b"category;serial\n;\n;;;\n"
    yield "rows without header", b"laptop;SN-1\nmonitor;SN-2\n"
    yield "a header further down than is looked", b"\n" * 25 + b"category;serial\nlaptop;A1\n"
    yield "one header for two columns", b"category serial\nlaptop A1\n"
    yield "merged headers of a spreadsheet", b"Identification;;Etat;\nType;Serie;Etat;Note\nlaptop;A1;bon;x\n"
    yield "the same header ten times", b";".join([b"serial"] * 10) + b"\n" + b"A;" * 10 + b"\n"
    yield "a header of very many columns", b";".join(b"c%d" % n for n in range(5_000)) + b"\n"
    yield "a row of very many columns", b"category;serial\nlaptop" + b";" * 50_000 + b"\n"
    yield "a page of HTML", b"<html><body><table><tr><td>category</td></tr></table></body></html>"
    yield "XML", b'<?xml version="1.0"?><list><device category="laptop"/></list>'
    yield "a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    yield "a JPEG", b"\xff\xd8\xff\xe0\x00\x10JFIF"
    yield "a PDF", b"%PDF-1.7\n1 0 obj\n"
    yield "an old Excel file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512
    yield "a gzip", b"\x1f\x8b\x08\0\0\0\0\0"
    yield "a RAR", b"Rar!\x1a\x07\x00"
    yield "a 7z", b"7z\xbc\xaf\x27\x1c"
    yield "a program", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"
    yield "a script", b"#!/bin/sh\nrm -rf nothing\n"
    yield "Excel's sep= line alone", b"sep=;\n"
    yield "mixed line ends", b"category;serial\r\nlaptop;A1\rmonitor;A2\n\rtablet;A3\n\n\r\r\nlaptop;A4"
    yield "separators that change", b"category;serial\nlaptop,A1\nmonitor\tA2\n"
    yield "a long line without end", b"category;serial\n" + b"a" * 100_000


def _encodings() -> Iterator[tuple[str, bytes]]:
    for encoding in (
        "utf-32",
        "utf-16-be",
        "utf-16-le",
        "utf-7",
        "cp037",
        "shift_jis",
        "cp1251",
        "iso8859_15",
        "gb18030",
    ):
        yield f"a list in {encoding}", LIST.replace("É", "E").encode(encoding, "replace")
    yield "two encodings in one file", LIST.encode() + LIST.encode("cp1252")
    yield "UTF-8 read as Windows and written again", LIST.encode().decode("cp1252", "replace").encode()
    yield "bytes that no encoding has", b"category;serial\nlaptop;\x81\x8d\x8f\x90\x9d\n"
    yield "a broken mark", b"\xef\xbbcategory;serial\nlaptop;A1\n"
    yield "a mark and other bytes", b"\xef\xbb\xbfcategory;serial\nlaptop;\xe9\n"
    yield "UTF-16 of an odd length", b"\xff\xfe" + LIST.encode("utf-16-le") + b"\x41"
    yield "UTF-16 with half a pair", b"\xff\xfe" + "category;serial\n".encode("utf-16-le") + b"\x00\xd8" * 3
    yield "a NUL in a cell", b"category;serial\nlaptop;A\0B\n"
    yield "NULs at the end", LIST.encode() + b"\0" * 100
    yield "NULs alone", b"\0" * 1_000
    yield "control characters", b"category;serial\nlaptop;\x1b[31mA1\x07\n"
    yield "directions that turn the text", "category;serial\nlaptop;\u202eA1\u202c\n".encode()
    yield "surrogates in UTF-8", b"category;serial\nlaptop;\xed\xa0\x80\n"
    yield "overlong UTF-8", b"category;serial\nlaptop;\xc0\xaf\n"


def _quotes() -> Iterator[tuple[str, bytes]]:
    yield "a quote that opens at the end", b'category;comment\nlaptop;"\n'
    yield "a quote that never closes", b'category;comment\nlaptop;"never\n' + b"laptop;x\n" * 50
    yield "a quote that closes too early", b'category;comment\nlaptop;"a"b"c"\n'
    yield "a quote in the header", b'category;"comment\nlaptop;x\n'
    yield "quotes alone", b'"' * 1_001
    yield "a quoted cell of a megabyte", b'category;comment\nlaptop;"' + b"a" * 1_000_000 + b'"\n'
    yield "a quoted cell over many lines", b'category;comment\nlaptop;"' + b"a\n" * 10_000 + b'"\n'


def _archives() -> Iterator[tuple[str, bytes]]:
    good = workbook(SHEET)
    yield "the beginning of a ZIP", b"PK\x03\x04"
    yield "an empty ZIP", archive({})
    yield "a ZIP of a picture", archive({"a.png": b"\x89PNG"})
    yield "a ZIP in a ZIP", archive({"a.zip": archive({"a.json": "{}"})})
    yield "a ZIP of a workbook", archive({"liste.xlsx": good})
    yield "a document of Word", archive({"word/document.xml": "<w/>", "[Content_Types].xml": "<Types/>"})
    yield "a workbook without sheets", archive({"xl/workbook.xml": "<workbook/>"})
    yield "a workbook that is no XML", archive({"xl/workbook.xml": "bonjour", "[Content_Types].xml": "x"})
    yield "a workbook without content types", _changed(good, "[Content_Types].xml", None)
    yield "a workbook without relations", _changed(good, "xl/_rels/workbook.xml.rels", None)
    yield "a workbook whose sheet is missing", _changed(good, "xl/worksheets/sheet1.xml", None)
    yield "a workbook whose sheet is no XML", _changed(good, "xl/worksheets/sheet1.xml", b"bonjour")
    yield (
        "a workbook whose sheet is cut off",
        _changed(good, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>"),
    )
    yield (
        "a workbook whose sheet is UTF-16",
        _changed(good, "xl/worksheets/sheet1.xml", "<worksheet/>".encode("utf-16")),
    )
    bomb = b'<!DOCTYPE a [<!ENTITY a "' + b"x" * 99 + b'"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
    yield "a workbook with entities", _changed(good, "xl/worksheets/sheet1.xml", bomb)
    yield "a workbook with entities in its book", _changed(good, "xl/workbook.xml", bomb)
    outside = b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]><worksheet>&a;</worksheet>'
    yield "a workbook that asks for a file", _changed(good, "xl/worksheets/sheet1.xml", outside)
    row = b'<row r="1"><c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row>'
    far = b"<worksheet><sheetData>" + row + b"</sheetData></worksheet>"
    below = b'<worksheet><sheetData><row r="%s"><c><v>1</v></c></row></sheetData></worksheet>'
    for number in (b"1048576", b"9" * 30, b"-1", b"x"):
        yield f"a cell in row {number.decode()}", _changed(good, "xl/worksheets/sheet1.xml", below % number)
    yield "two cells at the far corners", _changed(good, "xl/worksheets/sheet1.xml", far)
    hidden = far.replace(b'<c r="XFD', b'<c x=">" r="XFD')
    yield "a far cell behind a sign", _changed(good, "xl/worksheets/sheet1.xml", hidden)
    moved = _changed(good, "xl/_rels/workbook.xml.rels", b"worksheets/sheet1.xml", b"other/s.bin")
    yield "a far cell in a sheet that hides", _changed(moved, "xl/other/s.bin", far)
    yield (
        "a cell whose number is no number",
        _changed(good, "xl/worksheets/sheet1.xml", far.replace(b"XFD1048576", b"B99999999999")),
    )
    yield "a bomb of zeros", archive({"xl/workbook.xml": "<workbook/>", "xl/media/a.bin": b"\0" * 30_000_000})
    lying = bytearray(archive({"xl/workbook.xml": "<workbook/>", "xl/media/a.bin": b"\0" * 30_000_000}))
    yield "a bomb that lies about its size", bytes(lying).replace(struct.pack("<I", 30_000_000), struct.pack("<I", 9))
    yield (
        "very many files",
        archive({"xl/workbook.xml": "", **{f"xl/{n}": b"" for n in range(2_100)}}, method=zipfile.ZIP_STORED),
    )
    yield "names that climb out", archive({"../../etc/a.json": "{}", "/b.json": "[]"})
    yield "an encrypted entry", _encrypted(good)


def _opendocument() -> Iterator[tuple[str, bytes]]:
    head = ods_row("Catégorie", "Série")
    yield "an ODS without sheet", ods()
    yield "an ODS with an empty sheet", ods("")
    yield "an ODS with a header alone", ods(head)
    yield "an ODS that is cut off", ods(head + "<table:table-row>")
    yield "an ODS of no XML", _changed(ods(head), "content.xml", b"bonjour")
    yield "an ODS without content", _changed(ods(head), "content.xml", b"")
    yield "an ODS without kind", _changed(ods(head), "mimetype", None)
    yield "an ODS with entities", ods(head + ods_row("&b;"), declared='<!DOCTYPE a [<!ENTITY b "x">]>')
    for number in ("1048576", "-1", "&#49;000000", "999999999999999999999", "many", ""):
        row = ods_row("laptop").replace("<table:table-row>", f'<table:table-row table:number-rows-repeated="{number}">')
        yield f"an ODS whose row is repeated {number!r} times", ods(head + row)
    wide = ods_row("x").replace("<table:table-cell ", '<table:table-cell table:number-columns-repeated="16384" ')
    yield "an ODS with a very wide row", ods(head + wide)


def _json() -> Iterator[tuple[str, bytes]]:
    yield "an empty object", b"{}"
    yield "an empty list", b"[]"
    yield "a list of numbers", b"[1, 2, 3]"
    yield "a list of lists", b"[[[]]]"
    yield "another JSON", b'{"devices": [{"category": "laptop"}]}'
    yield "an inventory cut off", json.dumps(inventory("SN-1")).encode()[:-20]
    yield "inventories cut off", inventories(inventory("SN-1"), inventory("SN-2"))[:-3]
    yield "inventories one after the other", json.dumps(inventory("SN-1")).encode() * 2
    yield "deep lists", b"[" * 50_000
    yield "deep objects", b'{"a":' * 50_000
    yield "deep inventory", b'[{"deviceid":"a","content":' + b"[" * 200 + b"]" * 200 + b"}]"
    yield "a number of a thousand digits", b'[{"deviceid": ' + b"9" * 1_000 + b"}]"
    yield "not a number", b"[NaN, Infinity]"
    yield "texts where objects belong", b'{"deviceid": "a", "content": "bonjour"}'
    yield "lists where texts belong", b'[{"deviceid": "a", "content": {"bios": {"ssn": ["A"]}}}]'
    yield "a serial of a megabyte", json.dumps(inventory("A" * 1_000_000)).encode()
    yield "a NUL in an inventory", json.dumps(inventory("A\0B")).encode()
    yield "JSON lines", b"\n".join(json.dumps(inventory(f"SN-{n}")).encode() for n in range(3))
    yield "a ZIP of bad inventories", archive({"a.json": "{", "b.json": "[1]", "c.json": b"\xff\xfe\0", "d.txt": "x"})


def _torn() -> Iterator[tuple[str, bytes]]:
    """Good files of each kind, cut off, and with some bytes changed."""
    whole = {
        "CSV": LIST.encode(),
        "XLSX": workbook(SHEET),
        "ODS": ods(ods_row("Catégorie", "Série") + ods_row("laptop", "A")),
    }
    whole["inventories"] = inventories(inventory("SN-1"), inventory("SN-2"))
    chance = random.Random(3)  # noqa: S311  # always the same damage
    for kind, content in whole.items():
        for share in (10, 50, 90, 99):
            yield f"{share} % of the {kind}", content[: len(content) * share // 100]
        for turn in range(5):
            damaged = bytearray(content)
            for _ in range(3):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            yield f"{kind} damaged, {turn}", bytes(damaged)
        yield f"{kind} twice", content * 2
        yield f"{kind} after a blank line", b"\r\n" + content


def _cells() -> Iterator[tuple[str, bytes]]:
    cells = {
        "a formula": "=cmd|' /C calc'!A0", "a spreadsheet's error": "#REF!", "a rounded number": "3,56938E+14",
        "a very long word": "A" * 5_000, "only signs": "!?*", "an emoji": "💻💻", "full-width digits": "\uff11\uff12",
        "a script tag": "<script>alert(1)</script>", "SQL": "'; DROP TABLE device; --", "a path": "../../../etc/passwd",
    }  # fmt: skip
    for name, cell in cells.items():
        quoted = cell.replace('"', '""')
        yield (
            f"{name} in every cell",
            f"category;serial;imei;quantity;year;model\n{';'.join([f'{chr(34)}{quoted}{chr(34)}'] * 6)}\n".encode(),
        )
    yield "quantities that make a million", b"category;quantity\n" + b"laptop;10000\n" * 100


def _changed(content: bytes, name: str, new: bytes | None, by: bytes | None = None) -> bytes:
    """An archive with another file in the place of one, without it, or with `new` exchanged `by` something in it."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        files: dict[str, bytes | str] = {entry: packed.read(entry) for entry in packed.namelist()}
    if by is not None and new is not None:
        files[name] = bytes(files[name]).replace(new, by) if isinstance(files[name], bytes) else b""
    elif new is None:
        files.pop(name)
    else:
        files[name] = new
    return archive(files)


def _encrypted(content: bytes) -> bytes:
    """Every entry says that it is encrypted (APPNOTE.TXT, 4.4.4: the first bit of the flags)."""
    changed = bytearray(content)
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = changed.find(signature)
        while start >= 0:
            changed[start + at] |= 1
            start = changed.find(signature, start + 4)
    return bytes(changed)
