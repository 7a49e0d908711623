"""The command line of the service: `python -m api`; see `api.commands`."""

import sys

from api.commands import main

if __name__ == "__main__":
    sys.exit(main())
