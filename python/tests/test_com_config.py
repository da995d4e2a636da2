"""Configurations of the channel operating margin: names, files, workbooks."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

import lightlane as ll

openpyxl = pytest.importorskip("openpyxl", reason="the extra lightlane[com] is not installed")
xlwt = pytest.importorskip("xlwt", reason="xlwt writes the .xls files of these tests")

KR = "802.3ck-kr@4.50"


@pytest.mark.parametrize("name", ll.ComConfig.names())
@pytest.mark.parametrize("ending", [".toml", ".json", ".xlsx"])
def test_what_is_written_reads_back_the_same(tmp_path: Path, name: str, ending: str) -> None:
    config = ll.ComConfig.named(name)
    file = tmp_path / f"config{ending}"
    config.write(file)
    assert ll.ComConfig.read(file) == config.resolved()
    assert ll.ComConfig.read(file).resolved() == config.resolved()


def test_every_value_of_a_shipped_configuration_has_its_origin() -> None:
    for name in ll.ComConfig.names():
        config = ll.ComConfig.named(name)
        assert set(config.evidence) == set(config.keywords) | set(config.limits)
        assert {e.grade for e in config.evidence.values()} <= {"sourced", "draft", "assumed"}


def test_a_changed_keyword_has_no_evidence_any_more() -> None:
    changed = ll.ComConfig.named(KR).replace({"A_v": 0.4})
    assert changed.keywords["A_v"] == 0.4
    assert "A_v" not in changed.evidence
    assert changed.name is None


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("802.3ck-kr", 'config = "802.3ck-kr": unknown, did you mean "802.3ck-kr@4.50"?'),
        ("802.3ck-kR1@4.50", 'config = "802.3ck-kR1@4.50": unknown, did you mean "802.3ck-kr@4.50"?'),
    ],
)
def test_a_wrong_name_gets_the_nearest(config: str, message: str) -> None:
    with pytest.raises(ll.ParameterError) as error:
        ll.com("thru.s4p", config=config)
    # The thru does not exist: the configuration is looked at first.
    assert str(error.value) == message


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.toml"):
        ll.com("thru.s4p", config="nowhere.toml")


#: A sheet as the ad hoc groups lay it out: blocks side by side, headings, units, comments.
SHEET: list[list[Any]] = [
    ["Table 93A-1 parameters", None, None, None, None, "Table 93A-3 parameters"],
    ["Parameter", "Setting", "Units", "Information", None, "Parameter", "Setting", "Units"],
    ["f_b", 53.125, "GBd", "signalling rate", None, "package_tl_tau", 6.141e-3, "ns/mm"],
    ["DER_0", 1e-4, None, None, None, "package_Z_c", "[87.5 87.5 ; 92.5 92.5]", "Ohm"],
    ["T_r", 7.5e-3, "ns", None, None, "FORCE_TR", 1, "logical"],
    ["A_v", 0.413, "V", None, None, "Include PCB", 0, "logical"],
    ["A_fe", 0.413, "V", None, None, "DIAGNOSTICS", True],
    ["A_ne", 0.608, "V", None, None, "RESULT_DIR", ".\\results\\{date}\\"],
    ["A_DD", 0.02, "UI", None, None, "z_p select", "[1 2]", "[test cases]"],
    ["sigma_RJ", 0.01, "UI", None, None, "z_p (TX)", "[12 31; 1.8 1.8]", "mm", "[test cases]"],
    ["SNR_TX", 33, "dB", None, None, "z_p (RX)", "[12 29; 1.8 1.8]", "mm"],
    ["R_LM", 0.95, None, None, None, "z_p (FEXT)", "[12 31; 1.8 1.8]", "mm"],
    ["eta_0", 8.2e-9, "V^2/GHz", None, None, "z_p (NEXT)", "[12 29; 1.8 1.8]", "mm"],
    ["C_d", "[1.2e-4 1.2e-4]", "nF", "[TX RX]", None, "R_d", "[50 50]", "Ohm"],
    ["L_s", "[0.12 0.12]", "nH", "[TX RX]", None, "C_b", "[3e-5 3e-5]", "nF"],
    ["C_p", "[8.7e-5 8.7e-5]", "nF", "[TX RX]", None, "c(-1)", "[-0.34:0.02:0]", None, "[min:step:max]"],
]


def workbook(tmp_path: Path, ending: str, sheet: list[list[Any]], title: str = "COM_Settings") -> Path:
    file = tmp_path / f"settings{ending}"
    if ending == ".xlsx":
        book = openpyxl.Workbook()
        book.active.title = "notes"
        book.active.append(["f_b", 1.0])
        page = book.create_sheet(title)
        for row in sheet:
            page.append(row)
        book.save(file)
        return file
    book = xlwt.Workbook()
    book.add_sheet("notes").write(0, 0, "f_b")
    page = book.add_sheet(title)
    for r, row in enumerate(sheet):
        for c, value in enumerate(row):
            if value is not None:
                page.write(r, c, value)
    book.save(str(file))
    return file


@pytest.mark.parametrize("ending", [".xlsx", ".xls"])
def test_a_workbook_is_read(tmp_path: Path, ending: str) -> None:
    config = ll.ComConfig.read(workbook(tmp_path, ending, SHEET))
    assert config.keywords["f_b"] == 53.125
    assert config.keywords["z_p (TX)"] == "[12 31; 1.8 1.8]"
    assert config.keywords["DIAGNOSTICS"] is True
    # 14 labels on either side; units, comments and headings are none.
    assert len(config.keywords) == 28
    config.write(tmp_path / "again.xlsx")
    assert ll.ComConfig.read(tmp_path / "again.xlsx") == config.resolved()


@pytest.mark.parametrize("ending", [".xlsx", ".xls"])
@pytest.mark.parametrize(
    ("row", "message"),
    [
        (["eta_O", 8.2e-9], "cell A17: keyword = 'eta_O': unknown, did you mean 'eta_0'?"),
        (["comment", "x", None, None, None, "SNR_TXX", 33], "cell F17: keyword = 'SNR_TXX': unknown"),
        (["f_b", 106.25], "A17: f_b = 106.25: must be set once; A3 has 53.125"),
        ([".START", "package_1"], "A17: .START: must be no package blocks"),
        (["M", "many"], "M = "),
    ],
)
def test_what_a_workbook_gets_wrong_is_named(
    tmp_path: Path, ending: str, row: list[Any], message: str
) -> None:
    file = workbook(tmp_path, ending, [*SHEET, row])
    with pytest.raises(ll.ParameterError) as error:
        ll.ComConfig.read(file)
    assert str(file) in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize("ending", [".xlsx", ".xls"])
def test_what_is_no_workbook_is_refused(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"broken{ending}"
    file.write_bytes(b"no workbook")
    with pytest.raises(ll.ParameterError, match="must be an Excel workbook"):
        ll.ComConfig.read(file)
    empty = workbook(tmp_path, ending, [["heading"]])
    with pytest.raises(ll.ParameterError, match="labels with settings"):
        ll.ComConfig.read(empty)


def test_a_workbook_needs_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ImportError, match=r"pip install 'lightlane\[com\]'"):
        ll.ComConfig.named(KR).write(tmp_path / "kr.xlsx")


def test_a_file_of_keywords_is_named_in_its_errors(tmp_path: Path) -> None:
    file = tmp_path / "k.json"
    file.write_text(json.dumps({"f_bb": 1}))
    with pytest.raises(ll.ParameterError, match=r'k.json: keyword = "f_bb": unknown, did you mean "f_b"'):
        ll.com("thru.s4p", config=file)


def test_a_configuration_is_hashed_pickled_and_copied() -> None:
    named = ll.ComConfig.named("802.3ck-kr@4.50")
    plain = ll.ComConfig(named.keywords)
    assert named == plain
    assert hash(named) == hash(plain)
    assert len({named, plain, named.resolved()}) == 1
    changed = named.replace({"DER_0": 1e-5})
    assert changed != named
    for again in (pickle.loads(pickle.dumps(named)), copy.copy(named), copy.deepcopy(named)):
        assert again == named
        assert (again.name, again.evidence["f_b"], dict(again.limits)) == (
            named.name,
            named.evidence["f_b"],
            dict(named.limits),
        )
    # Numbers and texts of the same value are the same keyword.
    assert ll.ComConfig({**named.keywords, "f_b": 53}) == ll.ComConfig({**named.keywords, "f_b": 53.0})


@pytest.mark.parametrize(("keyword", "value"), [("b_max(1)", 11), ("b_min(1)", -1e3), ("b_max(2..N_b)", 50)])
def test_limits_of_the_dfe_have_a_domain(keyword: str, value: float) -> None:
    named = ll.ComConfig.named("802.3ck-kr@4.50")
    with pytest.raises(ll.ParameterError) as error:
        named.replace({keyword: value})
    assert str(error.value).startswith(keyword)
