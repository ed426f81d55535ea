"""Tables as CSV and as spreadsheets."""

from pathlib import Path

import openpyxl
import pytest

from models.errors import DataError
from models.sources.tables import read_table

from .drawn import put_text


def test_csv_and_spreadsheet_are_read_alike(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["Subject", None, "Apex"], [1, "x", 46.0], [None, None, None], [2, "y", "/"]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    text = put_text(tmp_path / "t.csv", "Subject,, Apex\n1,x,46\n\n2,y,/\n")
    for path in (tmp_path / "t.xlsx", text):
        assert read_table(path, ("apex",), ("subject",)) == [["46", "1"], ["/", "2"]]


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    path = put_text(tmp_path / "t.csv", "a,b\n1,2\n")
    with pytest.raises(DataError, match=r"t\.csv: has no column c or d; its columns are a, b"):
        read_table(path, ("a",), ("c", "d"))


def test_the_old_form_of_a_spreadsheet_is_to_be_saved_anew(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"t\.xls: the old \.xls form .* save it beside as \.csv or \.xlsx"):
        read_table(put_text(tmp_path / "t.xls", ""), ("a",))


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv"])
def test_a_broken_table_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff\xfe\x00nothing")
    with pytest.raises(DataError, match="not a readable table") as caught:
        read_table(tmp_path / name, ("a",))
    assert "\n" not in str(caught.value)


def test_a_table_without_rows_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no rows"):
        read_table(put_text(tmp_path / "t.csv", "a,b\n"), ("a",))
