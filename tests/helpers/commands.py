"""Commands of energynet, each in a new process."""

import subprocess

from support import PYTHON

ENERGYNET = [*PYTHON, "-m", "energynet"]


def run(*arguments, **options):
    command = [*ENERGYNET, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


LONG = "train --hidden 60 --max-steps 60000 --target-accuracy 1 --test-every 500 --json"


def started(arguments, program=ENERGYNET):
    command = [*program, *arguments.split()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
