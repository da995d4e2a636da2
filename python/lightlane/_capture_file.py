"""Captured waveforms in files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lightlane._exceptions import ParameterError, refused

__all__ = ["Capture", "read_capture"]

#: Lines of a header before the first numbers.
_MOST_HEADER_LINES = 200
_COLUMNS = "one power, or a time and a power"


class Capture(NamedTuple):
    """What a file holds: powers, W, and maybe the symbols of the pattern and the time step, s."""

    waveform_w: NDArray[Any]
    symbols: NDArray[Any] | None = None
    step_s: float | None = None


def read_capture(path: str | os.PathLike[str]) -> Capture:
    """Read the powers of a captured waveform, W, and what else the file has.

    Parameters
    ----------
    path : str or path
        CSV: one column of powers, or rising times and powers, behind any header. NPZ: ``waveform_w`` and maybe
        ``symbols``.

    Returns
    -------
    Capture
        Powers; symbols and time step may be None.

    Raises
    ------
    ParameterError
        For another ending, or a file that cannot be understood, with the line.
    """
    file = Path(path)
    if file.suffix.lower() == ".npz":
        return _read_npz(file)
    if file.suffix.lower() == ".csv":
        return _read_csv(file)
    raise refused(f"{file}: file", file.name, "a capture ending in .csv or .npz")


def _read_npz(file: Path) -> Capture:
    try:
        with np.load(file, allow_pickle=False) as data:
            if "waveform_w" not in data:
                raise refused(f"{file}: arrays", ", ".join(data.files), "with waveform_w among them")
            return Capture(data["waveform_w"], data.get("symbols", None))
    except (OSError, ParameterError):
        raise
    except Exception as error:  # zipfile and numpy raise many kinds for a damaged archive
        raise refused(f"{file}: file", str(error), "an archive that numpy.savez wrote") from None


def _read_csv(file: Path) -> Capture:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    first = next((i for i, line in enumerate(lines[:_MOST_HEADER_LINES]) if _numbers(line)), None)
    if first is None:
        raise refused(
            f"{file}: file",
            f"no numbers in {min(len(lines), _MOST_HEADER_LINES)} lines",
            "lines of powers, or of times and powers",
        )
    mixed = next((i for i in range(first, len(lines)) if ";" in lines[i] and "," in lines[i]), None)
    if mixed is not None:
        requirement = "numbers with a decimal point and one separator"
        raise refused(f"{file}: line {mixed + 1}", lines[mixed].strip()[:60], requirement)
    separator = next((s for s in ";\t" if s in lines[first]), ",")
    try:
        table = np.loadtxt(lines[first:], delimiter=separator, comments=None, ndmin=2)
    except ValueError:
        table = _by_line(file, lines, first)
    if table.shape[1] > 2:
        raise refused(f"{file}: line {first + 1}", f"{table.shape[1]} columns", _COLUMNS)
    if table.shape[1] == 1:
        return Capture(table[:, 0])
    return Capture(table[:, 1].copy(), None, _step_s(file, table[:, 0]))


def _numbers(line: str) -> list[float] | None:
    """Return the numbers of a line; None where it has a word that is none, or nothing at all."""
    try:
        return [float(w) for w in line.replace(";", ",").replace("\t", ",").split(",") if w.strip()] or None
    except ValueError:
        return None


def _by_line(file: Path, lines: list[str], first: int) -> NDArray[np.float64]:
    """Read what loadtxt refuses: names the line at fault, or leaves out empty words at ends of lines."""
    rows: list[list[float]] = []
    for number, line in enumerate(lines[first:], start=first + 1):
        if not line.strip(",;\t "):
            continue
        values = _numbers(line)
        if values is None:
            raise refused(f"{file}: line {number}", line.strip()[:60], "numbers")
        rows.append(values)
        if len(values) != len(rows[0]):
            raise refused(f"{file}: line {number}", f"{len(values)} columns", _COLUMNS)
    return np.array(rows)


def _step_s(file: Path, times_s: NDArray[np.float64]) -> float:
    """Return the mean step of times that rise."""
    # Times of few digits may stand still from line to line, but never fall, and get on in the end.
    rises = np.isfinite(times_s).all() and (np.diff(times_s) >= 0).all() and times_s[-1] > times_s[0]
    if not rises:
        falls = np.flatnonzero(~(np.diff(times_s) >= 0))
        value = f"sample {falls[0] + 1} at {times_s[falls[0] + 1]:g}" if falls.size else f"all {times_s[0]:g}"
        raise refused(f"{file}: first column", value, "times that rise, before a column of powers")
    return float(times_s[-1] - times_s[0]) / (len(times_s) - 1)
