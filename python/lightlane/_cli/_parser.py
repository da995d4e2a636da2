"""What the commands share: argument parsing with one-line errors, and the shape of a command."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from lightlane import _native

__all__ = ["Command", "Pairs", "Parser", "UsageError", "nearest_hint", "port_pairs", "quantity"]

#: Two pairs of ports, each +, -.
Pairs = tuple[tuple[int, int], tuple[int, int]]

#: A value that begins with a minus sign, such as -4dBm, and no option.
NEGATIVE = re.compile(r"-(\d|\.\d|inf\b)")


class UsageError(Exception):
    """Arguments that cannot be understood; the message is the whole complaint."""


def nearest_hint(name: str, known: Sequence[str]) -> str:
    """Return ``, did you mean X?`` if one of `known` is close."""
    nearest = _native.nearest_name(name, known)
    return f", did you mean {nearest}?" if nearest else f"; known are {', '.join(known)}"


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, and which names the nearest option."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parse; unknown options are found first, so that they are not blamed on what they hide."""
        for argument in arguments:
            if argument == "--":
                break
            name = argument.split("=")[0]
            known = list(self._option_string_actions)
            if name.startswith("-") and name != "-" and not NEGATIVE.match(name) and name not in known:
                raise UsageError(f"{name}: unknown option{nearest_hint(name, known)}")
        parsed, rest = self.parse_known_args(arguments)
        if rest:
            raise UsageError(f"{rest[0]}: one argument too many")
        return parsed

    def error(self, message: str) -> NoReturn:
        """Turn argparse's complaint into ours."""
        match = re.match(r"argument ([^:]+): invalid choice: '([^']*)' \(choose from (.*)\)$", message)
        if match:
            choices = [choice.strip(" '") for choice in match[3].split(",")]
            message = f"{match[1]} {match[2]}: unknown{nearest_hint(match[2], choices)}"
        raise UsageError(message)


def quantity(name: str) -> Callable[[str], float]:
    """Return a converter for an option whose value is a quantity in the unit that ends `name`."""

    def convert(text: str) -> float:
        try:
            return _native.parse_quantity(text, name)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def port_pairs(text: str) -> Pairs:
    """Read ``1,3:2,4``."""
    ports = re.fullmatch(r"(\d+),(\d+):(\d+),(\d+)", text.replace(" ", ""))
    if not ports:
        raise argparse.ArgumentTypeError(f"{text!r}: must be LEFT+,LEFT-:RIGHT+,RIGHT- such as 1,3:2,4")
    left_p, left_n, right_p, right_n = (int(p) for p in ports.groups())
    return (left_p, left_n), (right_p, right_n)


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes
    ----------
    name, summary : str
        What is typed, and what it does in one line.
    add_arguments : callable
        Declares its arguments on a parser.
    run : callable
        Does it; returns the exit status.
    """

    name: str
    summary: str
    add_arguments: Callable[[Parser], None]
    run: Callable[[argparse.Namespace], int]
