"""Lets ``python -m lightlane`` be the command `lightlane`."""

from __future__ import annotations

import sys

from lightlane._cli import main

if __name__ == "__main__":
    sys.exit(main())
