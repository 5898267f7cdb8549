"""`python -m energynet` is the command line."""

import sys

from energynet.cli.main import main

sys.exit(main())
