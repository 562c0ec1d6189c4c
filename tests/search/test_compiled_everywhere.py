"""The compiled engine makes the same runs, bit for bit, on every machine.

The digests were made on an Intel CPU with AVX-512, natively and compiled for a CPU without vector
instructions of its own. The golden traces (test_replay.py) tie such runs to the reference.
"""

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.search.whole_runs import RUNS, WholeRun, digest_of

DIGESTS = [
    "73ef2f273aa4e615",
    "1b33a4d10716e894",
    "e6a734c089d382c6",
    "e43fd7ffcf097fd3",
    "6a98f53bec125ad1",
    "3f575d1ad6299152",
    "64cc73f0fef5c244",
    "b850db3ba4fdbf2d",
    "a653cbdeb592e876",
    "4c98c53da46c8017",
    "14b61bd5a53a1301",
    "8ec9eda191622122",
    "15c9dd58d4995564",
    "cd516958c6ccd1dd",
    "37fcf8ee93eb7b8d",
    "d4752d42dbc0ee21",
    "020c0fcaf537f889",
    "86328412bbcc95e9",
    "37cee60ec3f9d8ee",
    "c3f82dc13817dc9d",
    "9c3faa2705801c99",
    "d8d55f27502b1515",
]


@pytest.mark.parametrize(("run", "expected"), list(zip(RUNS, DIGESTS, strict=True)), ids=str)
def test_a_whole_run_is_the_same_on_this_machine(run: WholeRun, expected: str) -> None:
    assert digest_of(run) == expected


def test_whole_runs_are_the_same_when_compiled_for_any_cpu() -> None:
    generic = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    printed = subprocess.run(
        [sys.executable, "-m", "tests.search.whole_runs"],
        cwd=ROOT,
        env=os.environ | generic,
        capture_output=True,
        check=True,
    ).stdout
    assert json.loads(printed) == DIGESTS


def test_the_arithmetic_makes_a_difference() -> None:
    """The digests would otherwise say nothing about it."""
    pairs = [(9, 10), (14, 15)]
    for one, other in pairs:
        assert (RUNS[one].space, RUNS[one].seed) == (RUNS[other].space, RUNS[other].seed)
        assert DIGESTS[one] != DIGESTS[other]
