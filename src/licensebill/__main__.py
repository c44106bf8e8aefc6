"""`python -m licensebill` is the command `licensebill`; also where what it needs is not installed, to say so."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command: the entry point of the installed script."""
    try:
        from licensebill import cli  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as missing:
        print(f"licensebill: {missing}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    cli.main()


if __name__ == "__main__":
    main()
