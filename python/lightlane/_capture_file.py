"""Captured waveforms in files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightlane._exceptions import ParameterError

__all__ = ["read_capture"]

#: Lines of a header before the first numbers.
_MOST_HEADER_LINES = 200


def read_capture(path: str | os.PathLike[str]) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Read the powers of a captured waveform, W, and the symbols of its pattern where the file has them.

    Parameters
    ----------
    path : str or path
        CSV: one column of powers, or times and powers, behind any header. NPZ: ``waveform_w`` and maybe ``symbols``.

    Returns
    -------
    waveform_w, symbols
        Arrays; symbols may be None.

    Raises
    ------
    ParameterError
        For another ending, or a file that cannot be understood, with the line.
    """
    file = Path(path)
    if file.suffix.lower() == ".npz":
        return _read_npz(file)
    if file.suffix.lower() == ".csv":
        return _read_csv(file), None
    raise _wrong(file, "file", file.name, "a capture ending in .csv or .npz")


def _read_npz(file: Path) -> tuple[NDArray[Any], NDArray[Any] | None]:
    try:
        with np.load(file, allow_pickle=False) as data:
            if "waveform_w" not in data:
                raise _wrong(file, "arrays", ", ".join(data.files), "with waveform_w among them")
            return data["waveform_w"], data.get("symbols", None)
    except OSError:
        raise
    except ParameterError:
        raise
    except Exception as error:  # zipfile and numpy raise many kinds for a damaged archive
        raise _wrong(file, "file", error, "an archive that numpy.savez wrote") from None


def _read_csv(file: Path) -> NDArray[np.float64]:
    powers: list[float] = []
    columns = 0
    text = file.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        words = [w for w in line.replace(";", ",").replace("\t", ",").split(",") if w.strip()]
        if not words:
            continue
        try:
            values = [float(w) for w in words]
        except ValueError:
            if columns == 0 and number <= _MOST_HEADER_LINES:
                continue
            raise _wrong(file, f"line {number}", line.strip()[:60], "numbers") from None
        if columns == 0:
            columns = len(values)
        if len(values) != columns or columns > 2:
            raise _wrong(file, f"line {number}", f"{len(values)} columns", "one power, or a time and a power")
        powers.append(values[-1])
    if not powers:
        raise _wrong(file, "file", "no numbers", "lines of powers, or of times and powers")
    return np.array(powers)


def _wrong(file: Path, name: str, value: object, requirement: str) -> ParameterError:
    return ParameterError(f"{file}: {name} = {value}: must be {requirement}", name, str(value), requirement)
