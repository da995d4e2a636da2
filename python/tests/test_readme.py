"""The README's Python runs as it stands, on files of the names that it uses."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import lightlane as ll
from lightlane._cli import COMMANDS
from lightlane._cli._parser import Parser

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def files(tmp_path, monkeypatch) -> None:
    """A channel with crosstalk, and a capture, in the working folder."""
    freq_hz = np.arange(0.0, 110e9, 50e6)
    for name, path in (("thru", "thru"), ("fext", "fext1"), ("next", "next1")):
        four_port = ll.Synthetic(recipe="synthetic-c2m-16db", path=path).network(freq_hz)
        four_port.write(tmp_path / f"{name}.s4p")
    wave = np.repeat(1e-3 + 0.3e-3 * ll.patterns.prbs13q(), 20)
    # Edges of a symbol: a filter would not open an eye further than a wire does.
    np.savez(tmp_path / "capture.npz", waveform_w=np.convolve(wave, np.ones(8) / 8, mode="same"))
    monkeypatch.chdir(tmp_path)


def test_the_python_of_the_readme_runs(files) -> None:
    (code,) = blocks("python")
    # Fewer symbols than a reader would count, and one point of the curve.
    shorter = code
    for told, short in (
        ("10_000_000", "100_000"),
        ("(100_000, mode", "(20_000, mode"),
        ("sensitivity()", "sensitivity(attenuation_db=[0.0])"),
    ):
        assert told in code
        shorter = shorter.replace(told, short)
    names: dict[str, object] = {}
    exec(compile(shorter, "README.md", "exec"), names)
    assert names["report"].margin_db > 0.0  # type: ignore[attr-defined]
    assert len(names["comparison"].winners()) == 7  # type: ignore[attr-defined]


def test_the_commands_of_the_readme_are_understood() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("lightlane ")]
    told = set()
    for line in lines:
        name, *arguments = line.split("#")[0].split()[1:]
        command = COMMANDS[name]
        parser = Parser(prog=f"lightlane {name}", description=command.summary)
        command.add_arguments(parser)
        parser.parse(arguments)
        told.add(name)
    assert told == set(COMMANDS)
