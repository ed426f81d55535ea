"""Tables that come beside pictures, as CSV or as a spreadsheet: rows of text."""

import csv
from pathlib import Path
from zipfile import BadZipFile

from models.errors import DataError

SUFFIXES = (".csv", ".xlsx", ".xls")


def read_rows(path: Path) -> list[list[str]]:
    """The rows of a CSV file or of a spreadsheet's first sheet, cells without the space around them, headings first.

    Whole numbers have no decimal point. DataError where the file is broken, empty, or of the old .xls form.
    """
    if path.suffix.lower() == ".xls":
        raise DataError(f"{path}: the old .xls form is not read; open it and save it beside as .csv or .xlsx")
    try:
        rows = _sheet(path) if path.suffix.lower() == ".xlsx" else _csv(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; give the path of a CSV file") from None
    except (OSError, UnicodeDecodeError, csv.Error, BadZipFile, KeyError, ValueError) as error:
        raise DataError(f"{path}: not a readable table ({str(error).splitlines()[0]}); copy it again") from None
    rows = [row for row in rows if any(row)]
    if len(rows) < 2:
        raise DataError(f"{path}: holds no rows under its headings; copy it again from its source")
    return rows


def read_table(path: Path, *wanted: tuple[str, ...]) -> list[list[str]]:
    """Of each row the cell under each of `wanted`, of which each lists what its heading may be, in any case.

    DataError as `read_rows`, and where a heading is missing.
    """
    headings, *rows = read_rows(path)
    places = {heading.lower(): place for place, heading in reversed(list(enumerate(headings))) if heading}
    columns = []
    for names in wanted:
        place = next((places[name.lower()] for name in names if name.lower() in places), None)
        if place is None:
            raise DataError(
                f"{path}: has no column {' or '.join(names)}; its columns are {', '.join(filter(None, headings))}"
            )
        columns.append(place)
    return [[row[place] if place < len(row) else "" for place in columns] for row in rows]


def _csv(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [[cell.strip() for cell in row] for row in csv.reader(file)]


def _sheet(path: Path) -> list[list[str]]:
    import openpyxl  # only where a spreadsheet is read: it takes as long to load as a small table to read

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        return [[_text(cell) for cell in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    finally:
        book.close()


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()
