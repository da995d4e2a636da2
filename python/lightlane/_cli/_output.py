"""Machine output of the commands."""

from __future__ import annotations

import json
import math
from typing import Any

__all__ = ["to_json"]


def to_json(data: Any) -> str:
    """Return JSON that every reader takes: nan is null, and an infinity is the text that configurations use.

    Examples
    --------
    >>> print(to_json([1.5, float("nan"), float("inf")]))
    [
      1.5,
      null,
      "inf"
    ]
    """
    return json.dumps(_plain(data), indent=2, allow_nan=False)


def _plain(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    if isinstance(data, float) and not math.isfinite(data):
        return None if math.isnan(data) else ("inf" if data > 0 else "-inf")
    return data
