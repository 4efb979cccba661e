"""Every kind of file that a council or a company sends, read to the same devices."""

import json
from pathlib import Path

import pytest

from lists import archive, inventories, inventory, ods, ods_row
from reuse.donations.imports.read import open_list, read_file
from reuse.errors import Invalid, TooLarge, UnknownFormat

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
IMEI = "356938035643809"


def test_an_opendocument_sheet_is_read_with_its_own_row_numbers_and_dates() -> None:
    blank = '<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>'
    rest = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    content = ods(
        ods_row("Inventaire de la ville")
        + blank
        + ods_row(None, "Type", "N° de série", "Date d'achat", "Qté")
        + ods_row(None, "PC portable", "PF1A2B3C", ("2019-05-03",), 1.0)
        + ods_row(None, "Écran", None, 2018.0, 12.0)
        + rest
    )
    read = read_file(content)
    assert (read.kind, read.rows) == ("ods", 2)
    told = [(item.row, item.category, item.serial, item.year, item.quantity) for item in read.items]
    assert told == [(5, "laptop", "PF1A2B3C", 2019, 1), (6, "monitor", None, 2018, 12)]
    found = open_list(content).detected
    assert (found.kind, found.sheet, found.header_row, found.encoding) == ("ods", "Feuille1", 4, None)


def test_the_list_is_found_in_whichever_sheet_it_stands() -> None:
    content = ods(ods_row("Lisez-moi"), ods_row("Catégorie", "N° de série") + ods_row("laptop", "A1B2"))
    assert open_list(content).detected.sheet == "Feuille2"
    assert [item.serial for item in read_file(content).items] == ["A1B2"]


def test_rows_written_once_and_repeated_are_so_many_rows() -> None:
    repeated = ods_row("écran", 2.0).replace("<table:table-row>", '<table:table-row table:number-rows-repeated="3">')
    read = read_file(ods(ods_row("Catégorie", "Quantité") + repeated))
    assert [(item.row, item.quantity) for item in read.items] == [(2, 2), (3, 2), (4, 2)]


@pytest.mark.parametrize(
    "row",
    [
        ods_row("x").replace("<table:table-row>", '<table:table-row table:number-rows-repeated="1048576">'),
        ods_row("x").replace("<table:table-cell ", '<table:table-cell table:number-columns-repeated="16384" '),
        ods_row("x").replace("<table:table-row>", '<table:table-row a=">" table:number-rows-repeated="1048576">'),
        ods_row("x").replace("<table:table-row>", '<table:table-row table:number-rows-repeated="&#49;048576">'),
        '<table:table-row table:number-rows-repeated="1048575"><table:table-cell/></table:table-row>' + ods_row("x"),
    ],
)
def test_an_opendocument_sheet_that_would_take_all_memory_is_refused_unopened(row: str) -> None:
    with pytest.raises((TooLarge, Invalid)) as refused:
        read_file(ods(ods_row("Catégorie", "N° de série") + row))
    assert refused.value.code in {"too_many_rows", "too_many_columns", "broken_workbook"}


def test_entities_are_never_declared_nor_expanded() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY a "boom"><!ENTITY b "&a;&a;&a;&a;">]>'
    with pytest.raises(Invalid) as refused:
        read_file(ods(ods_row("Catégorie") + ods_row("x").replace(">x<", ">&b;<"), declared=bomb))
    assert refused.value.code == "broken_workbook"


def test_many_inventories_in_one_json_are_so_many_rows() -> None:
    read = read_file(inventories(inventory("SN-A"), {"hostname": "no inventory"}, inventory("SN-B", assettag="INV-2")))
    assert (read.kind, read.rows) == ("glpi", 3)
    assert [(item.row, item.serial, item.asset_tag) for item in read.items] == [(1, "SN-A", None), (3, "SN-B", "INV-2")]
    assert [(fault.row, fault.code) for fault in read.faults] == [(2, "no_inventory")]
    assert "agent-1" not in repr(read)


def test_a_list_of_inventories_that_breaks_off_says_where() -> None:
    with pytest.raises(Invalid) as refused:
        read_file(inventories(inventory("SN-A"), inventory("SN-B"))[:-10])
    assert refused.value.code == "invalid_json"
    assert "line 1" in refused.value.detail


@pytest.mark.parametrize("content", [b"[]", b"[1]x", b'[{"a":1},]', b"[", b"[" * 100_000, b"[,]"])
def test_a_json_list_of_nothing_is_refused_or_answered_row_by_row(content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        read_file(content)
    assert refused.value.code in {"no_rows", "invalid_json", "too_deep"}


def test_a_zip_of_inventories_is_read_file_by_file_and_a_bad_one_spoils_only_itself() -> None:
    files: dict[str, bytes | str] = {
        "export/": "",
        "export/poste-1.json": json.dumps(inventory("SN-A")),
        "export/poste-2.json": '{"deviceid": ',
        "export/notes.txt": "bonjour",
        "__MACOSX/export/poste-1.json": "x",
        "export/poste-3.json": json.dumps(inventory("SN-A")),
        "export/poste-4.json": json.dumps(inventory("SN-D")),
    }
    read = read_file(archive(files))
    assert [(item.row, item.serial) for item in read.items] == [(1, "SN-A"), (5, "SN-D")]
    faults = [(fault.row, fault.code) for fault in read.faults]
    assert faults == [(2, "invalid_json"), (3, "invalid_json"), (4, "duplicate_serial")]
    assert "poste-2.json" in read.faults[0].message


def test_a_zip_of_inventories_that_is_a_bomb_is_refused() -> None:
    with pytest.raises(TooLarge) as refused:
        read_file(archive({"a.json": "[" + " " * 30_000_000 + "]"}))
    assert refused.value.code == "zip_bomb"


def test_a_zip_of_anything_else_is_named() -> None:
    with pytest.raises(UnknownFormat, match="XLSX or ODS"):
        read_file(archive({"photo.jpg": "x"}))


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("cp850", "cp850"), ("mac_roman", "mac_roman"), ("cp1252", "cp1252"), ("utf-16-le", "utf-16-le")],
)
def test_what_old_programs_wrote_is_read_and_told(encoding: str, told: str) -> None:
    text = "Catégorie;N° de série;État;Commentaire\r\nécran;SN-1;très bon;à côté de l'élève\r\n"
    read = read_file(text.encode(encoding))
    assert read.encoding == told
    assert (read.items[0].category, read.items[0].comment) == ("monitor", "à côté de l'élève")


def test_what_was_detected_is_told_with_the_headers_that_mean_nothing() -> None:
    found = open_list("Parc 2024\n\nType,S/N,Bureau,Marque\nlaptop,A1,B12,Dell\n".encode("utf-8-sig")).detected
    assert (found.kind, found.encoding, found.separator, found.header_row) == ("csv", "utf-8-sig", ",", 3)
    assert [(one.header, one.column, one.how) for one in found.columns] == [
        ("Type", "category", "words"),
        ("S/N", "serial", "words"),
        ("Marque", "manufacturer", "words"),
    ]
    assert found.unknown == ("Bureau",)


@pytest.mark.parametrize(
    ("written", "year"),
    [
        ("2019", 2019), ("2019,0", 2019), ("2019.0", 2019), ("2019-05-03", 2019), ("2019-05-03 10:00:00", 2019),
        ("2019/05/03", 2019), ("20190503", 2019), ("03/05/2019", 2019), ("3.5.2019", 2019), ("05/2019", 2019),
        ("03/05/2019 10:12", 2019), ("03/05/19", 2019), ("01/02/98", 1998), ("3 mai 2019", 2019), ("Mai 2019", 2019),
        ("1er août 2018", 2018), ("févr. 2019", 2019), ("décembre 2017", 2017), ("May 3, 2019", 2019),
        ("T2 2019", 2019),
    ],
)  # fmt: skip
def test_the_year_is_read_out_of_a_date(written: str, year: int) -> None:
    assert [item.year for item in read_file(f'category;year\nlaptop;"{written}"\n'.encode()).items] == [year]


@pytest.mark.parametrize(
    "written", ["43588", "demain", "demain 2019", "99999999", "1/2", "2019-2020-2021-1", "19", "0"]
)
def test_what_is_no_date_has_no_year(written: str) -> None:
    read = read_file(f"category;year\nlaptop;{written}\n".encode())
    assert [fault.code for fault in read.faults] == ["impossible_year"]


@pytest.mark.parametrize("written", [IMEI, f"{IMEI},0", f"{IMEI}.0", "35-693803-564380-9", "3569 3803 5643 809"])
def test_an_imei_is_read_however_it_is_written(written: str) -> None:
    assert [item.imei for item in read_file(f"category;imei\nphone;{written}\n".encode()).items] == [IMEI]


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="../shared/samples is not here")
def test_real_inventories_are_read_together_as_a_list_and_as_a_zip() -> None:
    files = sorted((SAMPLES / "glpi").glob("*.json"))
    together = inventories(*(json.loads(path.read_text("utf-8")) for path in files))
    packed = archive({path.name: path.read_bytes() for path in files})
    for content in (together, packed):
        assert [item.serial for item in read_file(content).items] == ["640HP72", "af8d8fcfa6fa4794"]
