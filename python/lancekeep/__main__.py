# SPDX-License-Identifier: Apache-2.0
"""The command ``lancekeep``, also as ``python -m lancekeep``. The wheel has it as a separate program."""

import os
import sys
from pathlib import Path


def main() -> None:
    program = Path(__file__).parent / "bin" / "lancekeep"
    os.execv(program, [str(program), *sys.argv[1:]])


if __name__ == "__main__":
    main()
