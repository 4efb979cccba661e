"""Donors' files, as councils and companies really send them, and as nobody should."""

import contextlib
import io
import json
import struct
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reuse import clock
from reuse.donations.imports.read import FileRead, read_file
from reuse.errors import Invalid, Refusal, TooLarge, UnknownFormat

SAMPLES = Path(__file__).resolve().parents[2] / "../shared/samples"
GOOD_IMEI = "356938035643809"

COUNCIL = """Ville de Beaulieu - Direction du numérique;;;;;;;;
Liste du matériel réformé - juin 2026;;;;;;;;
;;;;;;;;
N° d'inventaire;Catégorie;Marque;Modèle;N° de série;Année d'achat;État;Qté;Observations
INV-0417;PC portable;Lenovo;ThinkPad T480;PF1A2B3C;2019;Bon état;1;"Sacoche fournie
chargeur manquant"
INV-0418;Unité centrale;HP;ProDesk 600 G3;CZC7438XYZ;14/03/2018;;1;
INV-0419;Écrans;Dell;P2417H;;2017;;12;lot de douze
INV-0420;Tablette tactile;Samsung;Galaxy Tab A;R52K10ABCDE;2020;écran rayé;;
INV-0421;Téléphone;Apple;iPhone SE;;;;1;
INV-0422;Machine à café;Krups;EA81;;;;1;
INV-0423;Imprimante multifonction;Canon;iR-ADV;To be filled by O.E.M.;2016;;1;
"""


def faults_of(read: FileRead) -> list[tuple[int, str | None, str]]:
    return [(fault.row, fault.column, fault.code) for fault in read.faults]


def sheet(rows: list[list[str | float | None]], *, first_row: int = 1, extra: str = "") -> bytes:
    """A workbook with one sheet; text cells inline, numbers as a spreadsheet stores them."""
    lines: list[str] = []
    for number, row in enumerate(rows, start=first_row):
        cells = [
            f'<c r="{chr(65 + index)}{number}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
            if isinstance(cell, str)
            else f'<c r="{chr(65 + index)}{number}"><v>{cell!r}</v></c>'
            for index, cell in enumerate(row)
            if cell is not None
        ]
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    return workbook([f"<sheetData>{''.join(lines)}{extra}</sheetData>"])


def workbook(sheets: list[str], more: dict[str, bytes] | None = None, *, hidden: int = 0) -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    numbers = range(1, len(sheets) + 1)
    state = {hidden: ' state="hidden"'}
    listed = "".join(f'<sheet name="S{n}" sheetId="{n}"{state.get(n, "")} r:id="rId{n}"/>' for n in numbers)
    linked = "".join(
        f'<Relationship Id="rId{n}" Type="{relations}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{relations}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>{listed}</sheets></workbook>'
        )
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}">{linked}</Relationships>')
        for number, content in zip(numbers, sheets, strict=True):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", f'<worksheet xmlns="{main}">{content}</worksheet>')
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("encoding", "told"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1252", "cp1252"), ("utf-16", "utf-16")]
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_councils_list_is_read_whatever_its_encoding(encoding: str, told: str, line_end: str) -> None:
    read = read_file(COUNCIL.replace("\n", line_end).encode(encoding))
    assert (read.kind, read.encoding, read.separator, read.rows) == ("csv", told, ";", 7)
    assert [(item.row, item.category, item.quantity, item.year) for item in read.items] == [
        (5, "laptop", 1, 2019),
        (7, "desktop", 1, 2018),
        (8, "monitor", 12, 2017),
        (9, "tablet", 1, 2020),
        (10, "smartphone", 1, None),
        (12, "multifunction", 1, 2016),
    ]
    laptop = read.items[0]
    assert (laptop.manufacturer, laptop.model, laptop.serial, laptop.asset_tag, laptop.condition) == (
        "Lenovo", "ThinkPad T480", "PF1A2B3C", "INV-0417", "Bon état",
    )  # fmt: skip
    assert laptop.comment is not None
    assert laptop.comment.split() == ["Sacoche", "fournie", "chargeur", "manquant"]
    assert faults_of(read) == [(11, "Catégorie", "unknown_category")]
    assert '"Machine à café"' in read.faults[0].message
    assert read.items[-1].serial is None
    assert read.items[-1].notes == {"serial_ignored": "To be filled by O.E.M."}
    assert read.columns["N° de série"] == "serial"


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_columns_come_in_any_order_and_any_separator(separator: str) -> None:
    lines = [["Serial Number", "COMMENT", "Brand", "Category"], ["AB123", "as new, boxed", "Dell", "Notebooks"]]
    text = "\n".join(separator.join(f'"{cell}"' for cell in line) for line in lines)
    read = read_file(text.encode())
    assert read.separator == separator
    assert [(i.row, i.category, i.serial, i.comment, i.manufacturer) for i in read.items] == [
        (2, "laptop", "AB123", "as new, boxed", "Dell")
    ]


@pytest.mark.parametrize(
    ("word", "category"),
    [
        ("PC portable", "laptop"), ("ordinateurs portables", "laptop"), ("UC", "desktop"),
        ("unité centrale", "desktop"),
        ("Tour", "desktop"), ("ÉCRAN", "monitor"), ("moniteur", "monitor"), ("téléphone", "smartphone"),
        ("smartphones", "smartphone"), ("feature_phone", "feature_phone"), ("imprimante", "printer"),
        ("tablette", "tablet"), ("serveur", "server"), ("switch", "network"), ("clavier", "peripheral"),
        ("multifunction", "multifunction"), ("autre", "other"), ("Station d'accueil", "peripheral"),
    ],
)  # fmt: skip
def test_donors_words_mean_a_category(word: str, category: str) -> None:
    assert [item.category for item in read_file(f"catégorie;série\n{word};\n".encode()).items] == [category]


def test_an_unknown_category_is_quoted_and_the_nearest_is_named_but_never_taken() -> None:
    read = read_file(b"category,serial\nlaptpo,A1B2\n,A1B3\n")
    assert read.items == []
    assert faults_of(read) == [(2, "category", "unknown_category"), (3, "category", "missing_category")]
    assert '"laptpo"' in read.faults[0].message
    assert "Did you mean laptop?" in read.faults[0].message


@pytest.mark.parametrize(
    ("serial", "code"),
    [
        ("S" * 65, "impossible_serial"), ("---", "impossible_serial"), ("AB\u200fCD", "impossible_serial"),
        ("=1+1", "formula"), ("@SUM(A1)", "formula"), ("#N/A", "spreadsheet_error"), ("3,57E+14", "spreadsheet_number"),
    ],
)  # fmt: skip
def test_an_impossible_serial_makes_the_row_bad(serial: str, code: str) -> None:
    read = read_file(f'Category;Serial\nlaptop;"{serial}"\nlaptop;GOOD1\n'.encode())
    assert faults_of(read) == [(2, "Serial", code)]
    assert [item.serial for item in read.items] == ["GOOD1"]


@pytest.mark.parametrize("serial", ["N/A", "0", "XXXXXX", "Default string", "00:11:22:33:44:55", "inconnu"])
def test_a_placeholder_serial_is_set_aside_and_the_row_is_kept(serial: str) -> None:
    item = read_file(f"Category;Serial\nlaptop;{serial}\n".encode()).items[0]
    assert (item.serial, item.notes) == (None, {"serial_ignored": serial})


@pytest.mark.parametrize(
    ("imei", "expected"),
    [
        (GOOD_IMEI, GOOD_IMEI), ("35 693803 564380 9", GOOD_IMEI), ("3569380356438099", "3569380356438099"),
        ("356938035643808", "imei_check_digit"), ("3.5E+14", "spreadsheet_number"),
        ("3,56938E+14", "spreadsheet_number"),
        ("35693803564380", "impossible_imei"), ("ABC", "impossible_imei"),
    ],
)  # fmt: skip
def test_imeis_are_checked_as_gsma_writes_them(imei: str, expected: str) -> None:
    read = read_file(f"Category;IMEI\nsmartphone;{imei}\n".encode())
    assert [item.imei for item in read.items] + [fault.code for fault in read.faults] == [expected]


def test_a_serial_or_imei_twice_in_the_file_names_the_first_row() -> None:
    read = read_file(
        f"category;serial;imei\nlaptop;ab 1c;\nlaptop;AB1C;\nphone;;{GOOD_IMEI}\nphone;;{GOOD_IMEI}\n".encode()
    )
    assert faults_of(read) == [(3, "serial", "duplicate_serial"), (5, "imei", "duplicate_imei")]
    assert "row 2" in read.faults[0].message
    assert [item.row for item in read.items] == [2, 4]


def test_several_devices_cannot_share_a_serial() -> None:
    read = read_file("category;serial;quantité\nlaptop;AB1;3\nlaptop;;3\n".encode())
    assert faults_of(read) == [(2, "quantité", "quantity_with_serial")]
    assert [item.quantity for item in read.items] == [3]


@pytest.mark.parametrize("quantity", ["0", "-1", "10001", "1,5", "douze", "1e3", "99999999999999999999"])
def test_quantities_are_whole_and_at_most_ten_thousand(quantity: str) -> None:
    read = read_file(f'category;qty\nlaptop;"{quantity}"\nlaptop;10 000\n'.encode())
    assert faults_of(read) == [(2, "qty", "impossible_quantity")]
    assert [item.quantity for item in read.items] == [10_000]


def test_years_reach_from_1980_to_next_year() -> None:
    following = clock.now().year + 1
    wide = "\uff12\uff10\uff11\uff19"  # digits, but of another alphabet
    years = ["1979", "1980", str(following), str(following + 1), "03/05/2019", "2019.0", "neuf", wide]
    read = read_file(("category;year\n" + "".join(f"laptop;{year}\n" for year in years)).encode())
    assert [item.year for item in read.items] == [1980, following, 2019, 2019]
    assert [(fault.row, fault.code) for fault in read.faults] == [(row, "impossible_year") for row in (2, 5, 8, 9)]


def test_all_faults_of_a_row_are_told_at_once() -> None:
    read = read_file(b"category;serial;imei;year;quantity\nfridge;=A1;12;1900;0\n")
    assert sorted(fault.code for fault in read.faults) == [
        "formula", "impossible_imei", "impossible_quantity", "impossible_year", "unknown_category",
    ]  # fmt: skip
    assert all(fault.row == 2 for fault in read.faults)


def test_other_columns_are_kept_as_notes_and_the_stronger_header_wins() -> None:
    read = read_file("Type;Catégorie;Bâtiment;Bâtiment;\nBureautique;Laptop;Mairie;B2;seul\n".encode())
    assert read.columns == {"Catégorie": "category"}
    assert read.items[0].notes == {
        "Type": "Bureautique",
        "Bâtiment": "Mairie",
        "Bâtiment (4)": "B2",
        "column 5": "seul",
    }


def test_rows_shorter_or_longer_than_the_header_lose_nothing() -> None:
    read = read_file(b"category;serial;model\nlaptop\nlaptop;A1;T480;extra\n")
    assert [(item.model, item.notes) for item in read.items] == [(None, {}), ("T480", {"column 4": "extra"})]


def test_a_workbook_is_read_with_its_own_row_numbers() -> None:
    content = sheet(
        [
            ["Inventaire du parc"],
            [],
            ["Catégorie", "N° de série", "IMEI", "Année", "Quantité"],
            ["PC portable", "PF1A2B3C", None, 2019.0, 1.0],
            [],
            ["Smartphone", None, float(GOOD_IMEI), 43588.0, None],
            ["Écran", 12345678.0, None, None, None],
            ["Smartphone", 12345678901234567.0, None, None, None],
        ],
        first_row=2,
    )
    read = read_file(content)
    assert (read.kind, read.encoding, read.rows) == ("xlsx", None, 4)
    assert [(item.row, item.category, item.serial, item.year) for item in read.items] == [
        (5, "laptop", "PF1A2B3C", 2019),
        (8, "monitor", "12345678", None),
    ]
    assert faults_of(read) == [(7, "Année", "impossible_year"), (9, "N° de série", "spreadsheet_number")]


def test_the_first_sheet_that_holds_something_is_the_list() -> None:
    rows = '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Category</t></is></c></row>'
    rows += '<row r="2"><c r="A2" t="inlineStr"><is><t>tablet</t></is></c></row></sheetData>'
    assert [item.category for item in read_file(workbook(["<sheetData/>", rows, rows])).items] == ["tablet"]


def test_a_hidden_sheet_is_not_the_list() -> None:
    rows = '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Category</t></is></c></row><row r="2">'
    rows += '<c r="A2" t="inlineStr"><is><t>{}</t></is></c></row></sheetData>'
    content = workbook([rows.format("laptop"), rows.format("tablet")], hidden=1)
    assert [item.category for item in read_file(content).items] == ["tablet"]


def test_a_zip_bomb_is_refused_before_it_is_opened() -> None:
    with pytest.raises(TooLarge, match="times its size") as refused:
        read_file(workbook(["<sheetData/>"], {"xl/media/image.png": b"\0" * 30_000_000}))
    assert refused.value.code == "zip_bomb"


def test_a_zip_bomb_that_lies_about_its_size_is_refused() -> None:
    content = bytearray(workbook(["<sheetData/>"], {"xl/media/image.png": b"\0" * 30_000_000}))
    honest = struct.pack("<I", 30_000_000)
    assert honest in content
    with pytest.raises(TooLarge, match="times its size"):
        read_file(bytes(content).replace(honest, struct.pack("<I", 1_000)))


def test_a_workbook_of_very_many_files_is_refused() -> None:
    with pytest.raises(TooLarge, match="2,000"):
        read_file(workbook(["<sheetData/>"], {f"xl/media/{n}": b"" for n in range(2_001)}))


def test_two_cells_at_the_far_corners_of_a_sheet_take_no_memory() -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    with pytest.raises(TooLarge, match="1,048,576"):
        read_file(sheet([["category"], ["laptop"]], extra=far))
    wide = '<row r="3"><c r="XFD3"><v>1</v></c></row>'
    with pytest.raises(TooLarge, match="16,384"):
        read_file(sheet([["category"], ["laptop"]], extra=wide))


def test_a_format_without_value_at_the_end_of_the_sheet_is_harmless() -> None:
    styled = '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    assert len(read_file(sheet([["category"], ["laptop"]], extra=styled)).items) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf \r\n", "empty_file"),
        (b"category;serial\n", "no_rows"),
        (b"category;serial\n;\n;\n", "no_rows"),
        (b"a;b;c\n1;2;3\n", "no_header"),
        (b"bonjour", "no_header"),
        (b"category;serial\nlaptop;A\x00B\n", "binary_file"),
        (b"category;serial\nlaptop;A\x01B\n", "binary_file"),
        (b"category;serial\nlaptop;\x81\x8d\n", "wrong_encoding"),
        (b'category;comment\nlaptop;"never closed\nlaptop;\n', "broken_quotes"),
        (b"PK\x03\x04 this is no archive", "broken_workbook"),
        (b"{" + b'"a":' * 3, "invalid_json"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_says_why(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_file(content)
    assert refused.value.code == code
    assert refused.value.errors[0].code == code


def test_a_file_of_nothing_but_unknown_words_is_answered_row_by_row() -> None:
    text = "category;serial\n" + "".join(f"frid{number}ge;A{number}\n" for number in range(50_000))
    read = read_file(text.encode())
    assert len(read.faults) == 50_000


def test_the_refusal_of_an_unknown_header_names_the_columns() -> None:
    with pytest.raises(Invalid, match=r"serial .*quantity") as refused:
        read_file(b"foo;bar\n1;2\n")
    assert "category" in refused.value.detail


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7 x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x89PNG\r\n\x1a\n", b'{"a": 1}']
)
def test_other_kinds_of_file_are_named_and_refused(content: bytes) -> None:
    with pytest.raises(UnknownFormat):
        read_file(content)


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with pytest.raises(UnknownFormat):
        read_file(file.getvalue())


def test_more_than_20_megabytes_are_refused() -> None:
    with pytest.raises(TooLarge):
        read_file(b"category\n" + b"a" * 20_000_000)


def test_50_000_rows_are_read_and_one_more_is_refused() -> None:
    row = "INV-{0};PC portable;Lenovo;ThinkPad T480;PF{0:08d};2019;Bon;1;bureau {0}\n"
    text = "Inventaire;Catégorie;Marque;Modèle;N° de série;Année;État;Quantité;Commentaire\n"
    text += "".join(row.format(number) for number in range(50_000))
    read = read_file(text.encode())
    assert (read.rows, len(read.items), read.faults) == (50_000, 50_000, [])
    with pytest.raises(TooLarge) as refused:
        read_file((text + row.format(50_001)).encode())
    assert refused.value.code == "too_many_rows"


def test_a_glpi_inventory_becomes_one_item_without_anything_personal() -> None:
    inventory = {
        "deviceid": "MARKER-host-2020", "itemtype": "Computer",
        "content": {
            "versionclient": "GLPI-Agent", "users": [{"login": "MARKER"}], "softwares": [{"name": "MARKER"}],
            "hardware": {"name": "MARKER-host", "chassis_type": "Laptop", "lastloggeduser": "MARKER"},
            "bios": {"smanufacturer": "Dell Inc.", "smodel": "XPS 13", "ssn": "640HP72", "assettag": "INV-9"},
        },
    }  # fmt: skip
    read = read_file(json.dumps(inventory).encode())
    assert (read.kind, read.rows, read.faults) == ("glpi", 1, [])
    item = read.items[0]
    assert (item.category, item.manufacturer, item.serial, item.asset_tag) == (
        "laptop",
        "Dell Inc.",
        "640HP72",
        "INV-9",
    )
    assert "MARKER" not in repr(read)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=300).map(lambda text: ("category;serial;imei\n" + text).encode("utf-8", "ignore")),
    )
)
def test_whatever_is_sent_is_read_or_refused_and_never_crashes(content: bytes) -> None:
    try:
        read = read_file(content)
    except Refusal:
        pass
    else:
        assert {fault.row for fault in read.faults}.isdisjoint(item.row for item in read.items)
        assert len(read.items) + len({fault.row for fault in read.faults}) == read.rows


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(min_value=0), st.binary(min_size=1, max_size=8))
def test_a_damaged_workbook_is_read_or_refused_and_never_crashes(place: int, damage: bytes) -> None:
    content = bytearray(sheet([["category", "serial"], ["laptop", "A1"]]))
    at = place % len(content)
    content[at : at + len(damage)] = damage
    with contextlib.suppress(Refusal):
        read_file(bytes(content))


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="../shared/samples is not here")
def test_exports_of_other_tools_are_read_or_told_what_is_missing() -> None:
    folder = SAMPLES / "inventory-csv"
    devices = read_file((folder / "export_devices.csv").read_bytes())
    assert [(item.category, item.serial, item.manufacturer) for item in devices.items] == [
        ("laptop", "b8oaas048285", "asustek computer inc.")
    ]
    for name, rows in (("export_obada_standard.csv", 1), ("placeholder_test.csv", 3)):
        read = read_file((folder / name).read_bytes())
        assert [fault.code for fault in read.faults] == ["missing_category"] * rows
    glpi = [read_file((SAMPLES / "glpi" / name).read_bytes()) for name in ("computer_1.json", "phone_1.json")]
    assert [(read.items[0].category, read.items[0].serial) for read in glpi] == [
        ("laptop", "640HP72"),
        ("smartphone", "af8d8fcfa6fa4794"),
    ]
    assert "+336" not in repr(glpi)
