"""What holds in every search space."""

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.spaces import SPACES, get_space
from ednag.spaces.interface import (
    ArgmaxReading,
    LargeSpace,
    SearchSpace,
    ThresholdReading,
    digits_of,
    mixed_radix,
    one_digit_away,
)

RNG = np.random.default_rng(0)


@pytest.fixture(params=SPACES)
def space(request: pytest.FixtureRequest) -> SearchSpace:
    """Each space, without the codes that other tests have been handed out."""
    return get_space(request.param).fresh()


def genotypes(space: SearchSpace, count: int) -> np.ndarray:
    return RNG.random((count, *space.shape), dtype=np.float32)


def test_a_key_gives_its_code_back(space: SearchSpace) -> None:
    for code in space.sample(RNG, 200).tolist():
        assert space.code(space.key(code)) == code


def test_every_code_can_be_decoded(space: SearchSpace) -> None:
    if isinstance(space, LargeSpace):
        pytest.skip("its codes are handed out on first sight")
    assert space.code_of_raw.dtype == np.int32
    assert len(space.code_of_raw) == space.raw_size
    assert np.unique(space.code_of_raw[space.code_of_raw >= 0]).tolist() == list(range(space.size))


def test_a_decoded_genotype_and_its_raw_key_are_the_same_architecture(space: SearchSpace) -> None:
    some = genotypes(space, 100)
    codes, raws = space.decode(some), space.decode_raw(some)
    assert codes.dtype == np.int32
    for code, raw in zip(codes.tolist(), raws.tolist(), strict=True):
        if code >= 0:
            assert space.code(space.raw_key(raw)) == code
        else:
            with pytest.raises(EdnagError):
                space.code(space.raw_key(raw))


def test_decoding_does_not_depend_on_the_batch(space: SearchSpace) -> None:
    some = genotypes(space, 64)
    whole = space.decode(some)
    assert [space.decode(one[None])[0] for one in some] == whole.tolist()
    assert len(space.decode(some[:0])) == 0


def test_neighbours_are_ascending_and_mutual(space: SearchSpace) -> None:
    for code in space.sample(RNG, 5).tolist():
        neighbours = space.neighbours(code)
        assert neighbours.dtype == np.int32
        assert (np.diff(neighbours) > 0).all()
        assert code not in neighbours
        for neighbour in RNG.choice(neighbours, 3).tolist():
            assert code in space.neighbours(neighbour)
        assert space.mutate(code, RNG) in neighbours


def test_a_foreign_string_is_refused_in_one_line_with_the_grammar(space: SearchSpace) -> None:
    for key in ("", "|", "none", "64-9-basic", "((0, 9), (1, 2))", "f" * 32, "a_b", "\n"):
        with pytest.raises(EdnagError) as caught:
            space.code(key)
        assert space.grammar in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_code_outside_is_refused(space: SearchSpace) -> None:
    for code in (-1, space.numbered):
        with pytest.raises(EdnagError, match="outside the space"):
            space.key(code)


def test_a_reading_is_all_a_fast_engine_needs(space: SearchSpace) -> None:
    some = genotypes(space, 50)
    if isinstance(space.reading, ArgmaxReading):
        plain = [[int(one[row].argmax()) for row in space.reading.rows] for one in some]
        digits = [[d % r for d, r in zip(row, space.reading.radices, strict=True)] for row in plain]
        expected = [
            int(np.ravel_multi_index(row, space.reading.radices))  # type: ignore[arg-type]
            for row in digits
        ]
    elif isinstance(space.reading, ThresholdReading):
        entries = space.reading.entries
        bits = [[one.flat[entry] >= space.reading.threshold for entry in entries] for one in some]
        expected = [int("".join("01"[int(bit)] for bit in row), base=2) for row in bits]
    else:
        pytest.skip("decodes in its own way")
    assert space.decode_raw(some).tolist() == expected


def test_mixed_radix_numbers() -> None:
    bases = (7, 7, 14, 14)
    numbers = np.arange(7 * 7 * 14 * 14)
    assert (mixed_radix(digits_of(numbers, bases, 4), bases) == numbers).all()
    assert digits_of(np.array([123]), 10, 4).tolist() == [[0, 1, 2, 3]]
    assert one_digit_away(3, (2, 3), 2).tolist() == [0, 4, 5]
