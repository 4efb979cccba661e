"""The faulty rows of a list as a file: opened, corrected, sent again."""

import csv
import io
from typing import Any

from httpx import Response

from donating import draft, listed, send, workbook
from lists import inventories, inventory
from makers import Desk, Town

MARK = "\ufeff"


def faulty(desk: Desk, result: dict[str, Any]) -> Response:
    answer = desk.get(result["faulty_rows_url"])
    assert answer.status_code == 200, answer.text
    return answer


def as_rows(answer: Response) -> list[list[str]]:
    text = answer.content.decode("utf-8")
    assert text.startswith(MARK)
    return list(csv.reader(io.StringIO(text.removeprefix(MARK), newline=""), delimiter=";"))


def test_faulty_rows_come_back_with_the_donors_own_headers_and_what_is_wrong(town: Town) -> None:
    content = (
        "Inventaire 2024;;;\n"
        "Type;N° de série;Qté;Remarque\nportable;SN-1;;\n"
        'grille-pain;SN-2;0;"a;b"\nécran;SN-1;;=2+2\nécran;SN-4;;x;hors\n'
    )
    result = listed(town.council, draft(town.council), content.encode("cp1252"))
    answer = faulty(town.council, result)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith("attachment")
    header, *rows = as_rows(answer)
    assert header == ["Type", "N° de série", "Qté", "Remarque", "Filière : à corriger"]
    assert [row[:4] for row in rows] == [["grille-pain", "SN-2", "0", "a;b"], ["écran", "SN-1", "", "'=2+2"]]
    assert rows[0][4].startswith("Type: ")
    assert "Qté: " in rows[0][4]
    assert rows[1][4].startswith("N° de série: ")


def test_the_file_corrected_is_sent_as_it_is_and_the_added_column_says_nothing_of_a_device(town: Town) -> None:
    donation = draft(town.council)
    content = "Type;Qté;Remarque\ngrille-pain;2;=2+2\nécran;1;ok\n"
    corrected = content.replace("grille-pain", "tablette")
    result = listed(town.council, donation, content)
    text = faulty(town.council, result).content.replace(b"grille-pain", b"tablette", 1)
    sent = listed(town.council, donation, text)
    assert (sent["accepted"], sent["rejected"], sent["devices"]) == (1, 0, 2)
    assert sent["detected"]["unknown"] == []
    whole = listed(town.council, donation, corrected)
    assert (whole["accepted"], whole["known"], whole["devices"]) == (0, 2, 0)


def test_faults_that_only_the_database_knows_are_in_the_file_too(town: Town) -> None:
    listed(town.council, draft(town.council), "Type;Série\nlaptop;SN-1\n")
    result = listed(town.council, draft(town.council), "Type;Série\nlaptop;SN-1\nlaptop;SN-2\n")
    _, *rows = as_rows(faulty(town.council, result))
    assert [row[1] for row in rows] == ["SN-1"]
    assert "under way" in rows[0][2]


def test_a_list_without_faults_gives_a_file_with_its_header_alone(town: Town) -> None:
    result = listed(town.council, draft(town.council), "Type;Série\nlaptop;SN-1\n")
    assert as_rows(faulty(town.council, result)) == [["Type", "Série", "Filière : à corriger"]]


def test_rows_of_a_workbook_and_of_inventories_come_back_as_csv(town: Town) -> None:
    sheet = workbook([["Type", "Série"], ["laptop", "SN-1"], ["four", "SN-2"]])
    result = listed(town.council, draft(town.council), sheet)
    assert [row[:2] for row in as_rows(faulty(town.council, result))] == [["Type", "Série"], ["four", "SN-2"]]
    bad = inventories(inventory("SN-7"), inventory("#REF!"), {})
    result = listed(town.company, draft(town.company), bad)
    header, *rows = as_rows(faulty(town.company, result))
    assert header[0] == "category"
    assert [row[3] for row in rows] == ["#REF!", ""]


def test_a_file_asked_for_too_early_or_by_a_stranger_is_not_given(town: Town) -> None:
    donation = draft(town.council)
    job = town.council.done(send(town.council, donation, "Type;Série\nlaptop;SN-1\n" + "four;SN-2\n"))
    url = job["result"]["faulty_rows_url"]
    assert town.company.get(url).status_code == 404
    broken = town.council.done(send(town.council, donation, "Type;Série\n" + "laptop;x\n" * 40_000 + '"never closed\n'))
    assert broken["state"] == "failed"
    with_id = url.replace(job["result"]["import_id"], "0" * 8 + job["result"]["import_id"][8:])
    assert town.council.get(with_id).status_code == 404
