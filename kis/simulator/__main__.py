"""`python -m kis.simulator`: the simulator alone, so that any KIS client can be pointed at it."""

import sys

from kis.simulator.cli import main

sys.exit(main(sys.argv[1:]))
