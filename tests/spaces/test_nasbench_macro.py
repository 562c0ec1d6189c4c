"""NAS-Bench-Macro's space: which descriptions are one network."""

import pytest

from ednag.spaces import get_space
from ednag.spaces.interface import INVALID
from ednag.spaces.nasbench_macro import canonical

SPACE = get_space("nasbench-macro")


@pytest.mark.parametrize(
    ("description", "network"),
    [
        ("00000000", "00000000"),
        # The first layer of each stage stays where it is; identities of the others come first.
        ("12012010", "12012001"),
        ("10010120", "10001102"),
        ("20210221", "20201221"),
    ],
)
def test_identities_move_within_their_stage(description: str, network: str) -> None:
    assert canonical(description) == network
    assert SPACE.parse(description) == SPACE.parse(network)
    assert SPACE.key(SPACE.parse(description)) == network


def test_the_first_layers_of_a_stage_do_not_move() -> None:
    assert SPACE.parse("01000000") != SPACE.parse("10000000")
    assert SPACE.parse("00100000") != SPACE.parse("00010000")


@pytest.mark.parametrize("key", ["", "0201210", "020121000", "02012103", " 2012100", "٠2012100"])
def test_what_is_no_network_has_no_code(key: str) -> None:
    assert SPACE.parse(key) == INVALID


def test_a_description_is_written_with_eight_digits() -> None:
    assert SPACE.raw_key(1) == "00000001"
    assert SPACE.raw_key(3**8 - 1) == "22222222"
