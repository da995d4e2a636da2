from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import lightlane as ll
from lightlane._cli import COMMANDS, main


@pytest.fixture
def line(tmp_path):
    path = tmp_path / "line.s2p"
    ll.Trace(length_m=0.1).network(np.linspace(0, 60e9, 121)).write(path)
    return path


def complaint(capsys, *arguments):
    """The one line on standard error."""
    assert main([str(a) for a in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.endswith("\n")
    return err


def test_the_command_is_installed():
    done = subprocess.run(
        [sys.executable, "-m", "lightlane", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"lightlane {ll.__version__}\n"


def test_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["chanel"], ["chanel: unknown command", "did you mean channel?"]),
        (["--verison"], ["--verison: unknown option", "did you mean --version?"]),
        (["channel", "--jsno"], ["--jsno: unknown option", "did you mean --json?"]),
        (["channel", "--js", "x.s4p"], ["--js: unknown option"]),
        (["channel"], ["required: FILE"]),
        (["channel", "a.s2p", "b.s2p"], ["b.s2p", "too many"]),
        (["channel", "none.s4p"], ["none.s4p: No such file"]),
        (["channel", "x.s4p", "--freq", "3 mm"], ["--freq", "3 mm", "Hz"]),
        (["channel", "x.s4p", "--pairs", "1,2"], ["--pairs", "1,2", "1,3:2,4"]),
        (["channel", "x.s4p", "--freq"], ["--freq", "expected one argument"]),
        (["compare", "cpo-dr1", "--channel", "x.s4p"], ["--channel: no place for it in cpo-dr1"]),
        (["run", "copper-kr9"], ["copper-kr9", "did you mean 'copper-kr1'?", "npo-dr1, cpo-dr1"]),
        (["run", "elsewhere"], ["elsewhere", "known are copper-kr1"]),
        (["presets", "megtron9"], ["megtron9: unknown preset", "megtron"]),
        (["doctor", "-x"], ["-x: unknown option"]),
    ],
)
def test_bad_usage_is_one_line(capsys, arguments, parts):
    line = complaint(capsys, *arguments)
    assert all(part in line for part in parts), line


@pytest.mark.parametrize("content", [b"", b"# GHz S RI R 50\n1 0 0\n", b"\x00\xff\n", b"[Version] 3.0\n"])
def test_bad_files_are_one_line(capsys, tmp_path, content):
    path = tmp_path / "bad.s2p"
    path.write_bytes(content)
    assert "bad.s2p" in complaint(capsys, "channel", path)


def test_a_folder_is_no_file(capsys, tmp_path):
    assert "directory" in complaint(capsys, "channel", tmp_path)


def test_channel(capsys, line):
    assert main(["channel", str(line), "--json", "--freq", "30GHz"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert err == ""
    assert told["n_ports"] == 2
    assert told["passive"] is True
    assert told["max_singular_value"] <= 1 + 1e-6
    assert told["port_pairs"] is None
    assert told["insertion_loss_db"]["30000000000"] == pytest.approx(
        ll.Network.read(line).insertion_loss_db(30e9)
    )
    assert main(["channel", str(line)]) == 0
    assert "loss" in capsys.readouterr().out


def test_a_frequency_outside_the_file_is_refused(capsys, line):
    assert "freq_hz = 70000000000" in complaint(capsys, "channel", line, "--freq", "70 GHz")


def test_presets(capsys):
    assert main(["presets", "--json"]) == 0
    names = json.loads(capsys.readouterr().out)
    assert "802.3dj-class-a" in names["package"]
    assert main(["presets", "802.3dj-class-a"]) == 0
    assert ll.Package.from_toml(capsys.readouterr().out) == ll.Package.preset("802.3dj-class-a")
    assert names["lane"] == list(ll.presets.names())
    assert main(["presets", "cpo-dr1"]) == 0
    assert ll.Lane.from_toml(capsys.readouterr().out) == ll.presets.lane("cpo-dr1")
    assert "synthetic-kr-28db" in names["channel"]
    assert main(["presets", "synthetic-kr-28db", "--json"]) == 0
    assert ll.Synthetic.from_json(capsys.readouterr().out) == ll.Synthetic(recipe="synthetic-kr-28db")


@pytest.fixture
def lanes(tmp_path):
    """A lane without noise, and one with too much."""
    quiet = ll.Lane(fec="none")
    loud = quiet.replace(receiver=ll.Receiver(noise_v2_per_hz=1e-12))
    for name, lane in (("quiet", quiet), ("loud", loud)):
        lane.to_toml(tmp_path / f"{name}.toml")
    return str(tmp_path / "quiet.toml"), str(tmp_path / "loud.toml")


def refused_constant(name):
    raise AssertionError(f"{name} is no JSON")


def test_compare_as_json_and_its_status(capsys, lanes):
    quiet, loud = lanes
    assert main(["compare", loud, quiet, "--json"]) == 1
    told = json.loads(capsys.readouterr().out, parse_constant=refused_constant)
    assert [row["label"] for row in told["same_serdes"]] == ["loud", "quiet"]
    assert [row["label"] for row in told["equal_margin"]] == ["loud", "quiet"]
    assert told["same_serdes"][0]["margin_db"] < 0
    assert isinstance(told["warnings"], list)


def test_a_lane_without_noise_in_text_and_json(capsys, lanes):
    quiet, loud = lanes
    assert main(["run", quiet]) == 0
    out = capsys.readouterr().out
    assert "SNR not defined" in out
    assert "-0.0 dB" not in out
    assert " nan" not in out
    assert " pJ/bit, " in out
    assert main(["run", quiet, "--json"]) == 0
    told = json.loads(capsys.readouterr().out, parse_constant=refused_constant)
    assert told["snr_db"] is None
    assert told["margin_db"] == "inf"
    assert main(["run", loud]) == 1
    capsys.readouterr()


def test_the_tables_have_the_limit(capsys, lanes):
    quiet, loud = lanes
    assert main(["compare", quiet, loud]) == 0
    header, _, first = capsys.readouterr().out.splitlines()[1:4]
    assert "limit" in header
    at = header.index("limit")
    assert float(first[at : at + 8]) == ll.Lane.from_toml(quiet).analyze().ber_limit


def test_doctor(capsys):
    assert main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["native_module_works"] is True
    assert main(["doctor"]) == 0
