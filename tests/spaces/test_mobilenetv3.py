"""MobileNetV3: a space whose codes are handed out on first sight."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.spaces.mobilenetv3 import GENOTYPE_SYMBOLS, NONE, OPERATIONS, MobileNetV3

layers = st.lists(st.sampled_from(OPERATIONS), min_size=20, max_size=20)


def genotype(symbols: list[str]) -> np.ndarray:
    columns = [GENOTYPE_SYMBOLS.index(symbol) for symbol in symbols]
    return np.eye(len(GENOTYPE_SYMBOLS), dtype=np.float32)[None, columns]


def is_deep(names: list[str]) -> bool:
    return all(names[at : at + 4].count("none") <= 2 for at in range(0, 20, 4))


@given(layers)
def test_decoding_and_keys(names: list[str]) -> None:
    space = MobileNetV3()
    code = int(space.decode(genotype(["input", *names, "output"]))[0])
    key = "_".join(names)
    if is_deep(names):
        assert space.key(code) == key
        assert space.code(key) == code
        assert space.omitted(np.array([code, -1])).tolist() == [names.count("none"), 0]
    else:
        assert code == -1
        with pytest.raises(EdnagError, match="at most two none in each four"):
            space.code(key)


@pytest.mark.parametrize(
    ("first", "middle", "last"),
    [("output", "3-3", "output"), ("input", "3-3", "input"), ("input", "input", "output")],
)
def test_the_ends_must_be_the_ends(first: str, middle: str, last: str) -> None:
    space = MobileNetV3()
    assert space.decode(genotype([first, middle, *["7-6"] * 19, last]))[0] == -1
    assert space.raw_key(-1) == ""


def test_codes_are_handed_out_in_order_and_belong_to_the_object() -> None:
    space = MobileNetV3()
    keys = ["_".join([name] * 20) for name in ("3-3", "7-6", "5-4")]
    assert [space.code(key) for key in [*keys, keys[0]]] == [0, 1, 2, 0]
    assert space.numbered == 3
    assert space.fresh().numbered == 0
    assert get_space("nasbench201").fresh() is get_space("nasbench201")
    with pytest.raises(EdnagError, match="codes are 0 to 2"):
        space.key(3)


def test_there_are_too_many_keys_for_64_bits() -> None:
    assert MobileNetV3.size == 9963**5 > 2**64
    with pytest.raises(TypeError, match="too large"):
        _ = MobileNetV3().code_of_raw


def test_samples_are_valid_and_uniform_over_the_keys_of_a_stage() -> None:
    space = MobileNetV3()
    sampled = space.contents(space.sample(np.random.default_rng(0), 4000)).reshape(-1, 4)
    depth = (sampled != NONE).sum(axis=1)
    assert depth.min() == 2
    expected = np.array([486, 2916, 6561]) / 9963
    np.testing.assert_allclose(np.bincount(depth)[2:] / len(depth), expected, atol=0.01)


def test_a_mutation_gives_one_code_and_neighbours_all() -> None:
    space = MobileNetV3()
    code = space.code("_".join(["3-3"] * 20))
    space.mutate(code, np.random.default_rng(0))
    assert space.numbered == 2
    assert len(space.neighbours(code)) == 180
    shallow = space.code("_".join(["3-3", "3-3", "none", "none"] * 5))
    assert len(space.neighbours(shallow)) == 10 * 8 + 10 * 9


def test_well_formed_genotypes_are_one_hot_and_drawn_from_numpy() -> None:
    drawn = MobileNetV3().well_formed(3, np.random.RandomState(1))
    assert drawn.shape == (3, 22, 12)
    assert (drawn.sum(axis=2) == 1).all()
    state = np.random.RandomState(1)
    expected = [2 + state.choice(10) for _ in range(60)]
    assert drawn[:, 1:-1].argmax(axis=2).ravel().tolist() == expected
