"""`python -m entrypoints.cli`: run a command, and say in a line what an operator can mend."""

import gc
import sys

# Imports make tens of thousands of objects that stay. Looking through them every 700 for garbage
# takes a tenth of the time until a process is ready.
gc.set_threshold(20_000)

from entrypoints.cli.app import app  # noqa: E402
from entrypoints.mistakes import OperatorMistake  # noqa: E402


def main() -> None:
    """Run the command that was asked for."""
    try:
        sys.exit(app() or 0)
    except OperatorMistake as mistake:
        print(f"safelight: {mistake}", file=sys.stderr)  # noqa: T201
        sys.exit(mistake.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
