"""`python -m entrypoints.cli`: run a command, and say in a line what an operator can mend."""

import sys

from entrypoints.cli.app import app
from entrypoints.mistakes import OperatorMistake


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
