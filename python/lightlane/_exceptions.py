"""What can go wrong. The native module raises these too."""

from __future__ import annotations

from typing import Any

__all__ = ["ConvergenceError", "LightlaneError", "ParameterError", "TouchstoneError"]


class LightlaneError(Exception):
    """Base of every error that Lightlane raises on its own account."""


class ParameterError(LightlaneError, ValueError):
    """A value outside its domain, or a name that is not known.

    Attributes
    ----------
    name : str
        Field or argument; a path such as ``medium.0.length_m`` inside a configuration.
    value : object
        The value as given.
    requirement : str
        What it must be.
    """

    def __init__(self, message: str, name: str = "", value: Any = None, requirement: str = "") -> None:
        super().__init__(message)
        self.name = name
        self.value = value
        self.requirement = requirement

    def __reduce__(self) -> tuple[type[ParameterError], tuple[Any, ...]]:
        return type(self), (*self.args, self.name, self.value, self.requirement)


def refused(name: str, value: object, requirement: str, shown: str | None = None) -> ParameterError:
    """Return the ParameterError of a value outside its domain, told as `shown` where its own text would not do."""
    told = value if shown is None else shown
    return ParameterError(f"{name} = {told}: must be {requirement}", name, value, requirement)


def wrong_type(name: str, value: object, requirement: str) -> TypeError:
    """Return the TypeError of an argument that is no such thing at all."""
    shown = repr(value)
    return TypeError(f"{name} = {shown if len(shown) <= 60 else type(value).__name__}: must be {requirement}")


class TouchstoneError(LightlaneError, ValueError):
    """A Touchstone file that cannot be understood.

    Attributes
    ----------
    line : int
        One-based line; 0 when the whole file is meant.
    """

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line

    def __reduce__(self) -> tuple[type[TouchstoneError], tuple[Any, ...]]:
        return type(self), (*self.args, self.line)


class ConvergenceError(LightlaneError, RuntimeError):
    """An iterative method that did not settle."""
