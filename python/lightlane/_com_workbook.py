"""IEEE COM workbooks: their sheet of settings as a mapping of keywords, and back."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lightlane import _native
from lightlane._exceptions import ParameterError

__all__ = ["WORKBOOKS", "read_workbook", "write_workbook"]

#: Workbooks that can be read.
WORKBOOKS = (".xlsx", ".xls")
#: The sheet that counts.
SHEET = "COM_Settings"
#: Headings of the column of labels, and of the columns that explain.
LABELS, NOTES = ("parameter", "keyword"), ("setting", "value", "units", "unit", "information", "comment")

#: A matrix of numbers as MATLAB writes it.
MATRIX = re.compile(r"\[[-+0-9.eE:;,*\s]*(ones\([\d,\s]*\)[-+0-9.eE:;,*\s]*)*\]")

Rows = Iterable[Sequence[Any]]


def read_workbook(file: Path, known: Sequence[str]) -> dict[str, Any]:
    """Return the settings of a workbook.

    A label is a text with a setting to its right, in any column. Texts that explain - units, comments - have no
    number beside them, or stand in a column under a heading that says so; anything else must be a keyword.

    Raises
    ------
    ParameterError
        For a label that is no keyword, with its cell and the nearest one; a keyword set twice to different values;
        package blocks (``.START``); a file that is no workbook.
    ImportError
        Without the library that reads the file.
    """
    rows = _rows_of_xlsx(file) if file.suffix.lower() == ".xlsx" else _rows_of_xls(file)
    found: dict[str, Any] = {}
    places: dict[str, str] = {}
    roles: dict[int, str] = {}
    for r, row in enumerate(rows, start=1):
        c = 0
        while c < len(row):
            label, value = row[c], row[c + 1] if c + 1 < len(row) else None
            at = f"{_letters(c)}{r}"
            c += 1
            if not isinstance(label, str) or not label.strip():
                continue
            name, setting = label.strip(), _setting(value)
            if name.lower() in LABELS + NOTES:
                roles[c - 1] = "label" if name.lower() in LABELS else "note"
                continue
            if name == ".START":
                raise _refused(file, at, name, "no package blocks: write their keywords out")
            if name in known and setting is not None:
                if name in found and found[name] != setting:
                    requirement = f"set once; {places[name]} has {found[name]!r}"
                    raise _refused(file, at, f"{name} = {setting!r}", requirement)
                found[name], places[name] = setting, at
                c += 1
            elif setting is not None and roles.get(c - 1) != "note" and _is_number(setting):
                nearest = _native.nearest_name(name, known)
                hint = f", did you mean {nearest!r}?" if nearest else ""
                message = f"{file}: cell {at}: keyword = {name!r}: unknown{hint}"
                raise ParameterError(message, "keyword", name, f"a known keyword{hint}")
    if not found:
        raise _refused(file, SHEET, "no setting", "labels with settings to their right")
    return found


def write_workbook(file: Path, keywords: Mapping[str, Any], notes: Mapping[str, str]) -> None:
    """Write settings as a workbook: label, setting, and a note on each."""
    openpyxl = _library("openpyxl", file)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = SHEET
    sheet.append(["Parameter", "Setting", "Information"])
    for name, value in keywords.items():
        sheet.append([name, value, notes.get(name)])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 28, 40
    book.save(file)


def _rows_of_xlsx(file: Path) -> Rows:
    openpyxl = _library("openpyxl", file)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except OSError:
        raise
    except Exception as error:
        raise _refused(file, "the file", type(error).__name__, "an Excel workbook") from None
    try:
        sheet = book[SHEET] if SHEET in book.sheetnames else book[book.sheetnames[0]]
        return [tuple(row) for row in sheet.iter_rows(values_only=True)]
    finally:
        book.close()


def _rows_of_xls(file: Path) -> Rows:
    xlrd = _library("xlrd", file)
    try:
        book = xlrd.open_workbook(file)
    except OSError:
        raise
    except Exception as error:
        raise _refused(file, "the file", type(error).__name__, "an Excel workbook") from None
    sheet = book.sheet_by_name(SHEET) if SHEET in book.sheet_names() else book.sheet_by_index(0)
    return [
        [bool(cell.value) if cell.ctype == xlrd.XL_CELL_BOOLEAN else cell.value for cell in sheet.row(r)]
        for r in range(sheet.nrows)
    ]


def _library(name: str, file: Path) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        message = f"{file}: a workbook is read and written by {name}: pip install 'lightlane[com]'"
        raise ImportError(message) from None


def _setting(value: Any) -> Any:
    """Return what a cell holds, None if it is empty."""
    if isinstance(value, str):
        return value.strip() or None
    return value


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return MATRIX.fullmatch(value) is not None
    return True


def _letters(column: int) -> str:
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _refused(file: Path, at: str, value: str, requirement: str) -> ParameterError:
    return ParameterError(f"{file}: {at}: {value}: must be {requirement}", "config", str(file), requirement)
