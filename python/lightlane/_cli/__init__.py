"""The command `lightlane`.

Exit status: 0; 1 where a limit is not met; 2 for bad input, with one line on standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from lightlane import __version__
from lightlane._cli import channel, com, compare, doctor, presets, sensitivity, tdecq
from lightlane._cli import run as run_lane
from lightlane._cli._parser import Command, Parser, UsageError, nearest_hint
from lightlane._exceptions import LightlaneError

__all__ = ["main"]

#: Every command, in the order of the help. A new one is a module with `COMMAND`, listed here.
COMMANDS: dict[str, Command] = {
    c.name: c
    for c in (
        compare.COMMAND,
        run_lane.COMMAND,
        sensitivity.COMMAND,
        channel.COMMAND,
        com.COMMAND,
        tdecq.COMMAND,
        presets.COMMAND,
        doctor.COMMAND,
    )
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the program's name; that of the process if None.

    Returns
    -------
    int
        The exit status.
    """
    try:
        status = run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
        return status
    except UsageError as error:
        return fail(str(error))
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing more can be written, not even on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return fail(f"{where}{error.strerror or error}")
    except (LightlaneError, ValueError) as error:
        return fail(str(error))
    except KeyboardInterrupt:
        fail("interrupted")
        return 130


def run(arguments: list[str]) -> int:
    """Find the command, parse its arguments, run it."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(overview())
        return 0
    first, *rest = arguments
    if first in ("-V", "--version"):
        print(f"lightlane {__version__}")
        return 0
    command = COMMANDS.get(first)
    if command is None:
        if first.startswith("-"):
            raise UsageError(f"{first}: unknown option{nearest_hint(first, ['--help', '--version'])}")
        raise UsageError(f"{first}: unknown command{nearest_hint(first, list(COMMANDS))}")
    parser = Parser(prog=f"lightlane {command.name}", description=command.summary)
    command.add_arguments(parser)
    return command.run(parser.parse(rest))


def overview() -> str:
    """Return the text of ``lightlane --help``."""
    rows = "\n".join(f"  {c.name:11} {c.summary}" for c in COMMANDS.values())
    return (
        f"usage: lightlane COMMAND [options]\n\n{rows}\n\n"
        "lightlane COMMAND --help tells the options of a command; --version the release."
    )


def fail(message: str) -> int:
    """Say in one line what is wrong."""
    print(f"lightlane: {' '.join(message.split())}", file=sys.stderr)
    return 2
