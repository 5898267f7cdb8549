"""`python -m energynet` is the command line."""

import sys

from energynet.cli import main

sys.exit(main())
