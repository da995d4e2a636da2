"""Light with the echoes of its path, as fields."""

from __future__ import annotations

from typing import Any

import numpy as np

from .common import Record

# Symbols in which the phase of the first echo turns once: slow beside any response, and many turns a record.
TURN = 1500.0


def echo_fields(optics: Any, loss_db: Any) -> list[float]:
    """Return the field of each echo over the light's own; `loss_db` gives the loss of a part."""
    found = []
    db = [getattr(part, "reflectance_db", None) for part in optics.path]
    for i, first in enumerate(db):
        for j in range(i + 1, len(db)):
            if first is not None and db[j] is not None:
                between = sum(loss_db(part) for part in optics.path[i + 1 : j])
                found.append(10.0 ** ((first + db[j]) / 20.0 - between / 10.0))
    return found


def interfering(
    record: Record, fields: list[float], light: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return the power of the light and its echoes, each late by many symbols and a part of one, its phase turning."""
    if not fields:
        return light
    root = np.sqrt(np.maximum(light, 0.0))
    total = root.astype(complex)
    time_ui = np.arange(len(light)) / record.per_symbol
    for i, x in enumerate(fields):
        # A whole number of turns a record, another for each echo.
        turns = np.round(record.n_symbols / TURN) + 7 * i
        phase = 2 * np.pi * (turns * time_ui / record.n_symbols + rng.random())
        late = int(rng.integers(len(light) // 4, 3 * len(light) // 4))
        total += x * np.roll(root, late) * np.exp(1j * phase)
    return np.abs(total) ** 2
