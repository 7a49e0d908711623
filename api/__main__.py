"""The command line of the service: `python -m api`; see `api.commands`."""

import gc
import sys


def main() -> int:
    """Run the command line, and return the exit status."""
    gc.disable()  # among what is imported there is no garbage, and to look for it takes a third of the time
    from api.commands import main

    gc.freeze()
    gc.enable()
    return main()


if __name__ == "__main__":
    sys.exit(main())
