"""What holds in every search space."""

from functools import cached_property

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ednag.errors import EdnagError
from ednag.spaces import get_space, space_names
from ednag.spaces.interface import (
    ArgmaxReading,
    LargeSpace,
    SearchProfile,
    SearchSpace,
    ThresholdReading,
    Variable,
    digits_of,
    mixed_radix,
    one_digit_away,
)

#: Registered ones, and those of the user's that EDNAG_BENCHMARKS names.
SPACES = space_names()
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


def some_codes(space: SearchSpace) -> np.ndarray:
    """All codes, or 2,000 at random of a large space."""
    if isinstance(space, LargeSpace):
        return np.unique(space.sample(np.random.default_rng(0), 2000))
    return np.arange(space.size)


def test_every_code_is_the_code_of_its_values(space: SearchSpace) -> None:
    codes = some_codes(space)
    values = space.values_of(codes)
    assert values.shape == (len(codes), len(space.variables))
    back = space.code_of(values)
    assert back.dtype == np.int32
    assert back.tolist() == codes.tolist()


def test_none_of_anything_is_an_empty_array(space: SearchSpace) -> None:
    none, width = np.zeros(0, np.int32), len(space.variables)
    assert space.keys(none) == []
    assert space.values_of(none).shape == (0, width)
    assert space.code_of(np.zeros((0, width), np.int64)).shape == (0,)
    assert space.decode(genotypes(space, 0)).shape == (0,)
    assert space.features(none).shape == (0, space.features(space.sample(RNG, 1)).shape[1])


@pytest.mark.parametrize("name", ["nasbench201", "nasbench301", "mobilenetv3", "nasbench-graph"])
def test_options_are_the_words_of_the_key_in_its_order(name: str) -> None:
    space = get_space(name).fresh()
    first = 1 if name == "nasbench-graph" else 0  # its macro is spread over the key
    codes = space.sample(np.random.default_rng(0), 200)
    for key, values in zip(space.keys(codes), space.values_of(codes), strict=True):
        at = 0
        for variable, value in list(zip(space.variables, values, strict=True))[first:]:
            at = key.index(variable.options[value], at) + 1


def test_every_option_of_every_variable_is_in_an_architecture(space: SearchSpace) -> None:
    radices = [len(variable.options) for variable in space.variables]
    assert min(radices) > 1, "what is the same in all architectures is no variable"
    assert all(len(set(variable.options)) == len(variable.options) for variable in space.variables)
    assert len({variable.name for variable in space.variables}) == len(radices)
    values = np.random.default_rng(0).integers(radices, size=(20_000, len(radices)))
    values = values[space.code_of(values) >= 0]
    assert [len(np.unique(column)) for column in values.T] == radices


def test_values_that_are_no_options_have_no_code(space: SearchSpace) -> None:
    values = space.values_of(some_codes(space)[:1])
    for place, variable in enumerate(space.variables):
        for wrong in (-1, len(variable.options)):
            values_of_none = values.copy()
            values_of_none[0, place] = wrong
            assert space.code_of(values_of_none).tolist() == [-1]


def test_features_differ_where_architectures_differ(space: SearchSpace) -> None:
    codes = some_codes(space)
    features = space.features(codes)
    assert features.dtype == np.float64
    assert len(np.unique(features, axis=0)) == len(codes)
    paths = space.paths(codes)
    assert set(np.unique(features)) == {0.0, 1.0}
    assert (features[:, features.shape[1] - paths.shape[1] :] == paths).all()
    assert paths.any(axis=0).all()
    np.testing.assert_array_equal(space.features(codes[::-1]), features[::-1])


def unreached(space: SearchSpace, genotypes_in_all: int = 3_000_000) -> set[tuple[int, int]]:
    """(variable, option) of the space's architectures that no random genotype describes."""

    def occurring(codes: np.ndarray) -> set[tuple[int, int]]:
        columns = space.values_of(codes).T
        return {(place, option) for place, row in enumerate(columns) for option in np.unique(row)}

    missing = occurring(some_codes(space))
    generator, batch = np.random.default_rng(0), 10_000
    for _ in range(0, genotypes_in_all, 3 * batch):
        shape = (batch, *space.shape)
        uniform = generator.random(shape, dtype=np.float32)
        one_hot = (uniform == uniform.max(axis=2, keepdims=True)).astype(np.float32)
        for drawn in (uniform, generator.standard_normal(shape, dtype=np.float32), one_hot):
            codes = space.decode(drawn)
            if (codes >= 0).any():
                missing -= occurring(codes[codes >= 0])
        if not missing:
            break
    return missing


def test_random_genotypes_reach_every_option_of_every_variable(space: SearchSpace) -> None:
    assert not unreached(space), "(variable, option): compare `shape` with how it is decoded"


class Layers(SearchSpace):
    """Eight layers of three operations; how a genotype is decoded is left to a subclass."""

    name = "layers"
    size = raw_size = 3**8
    grammar = "eight digits 0 to 2"
    profile = SearchProfile()
    variables = tuple(Variable(f"layer {number}", ("0", "1", "2")) for number in range(1, 9))

    @cached_property
    def code_of_raw(self) -> np.ndarray:
        return np.arange(self.size, dtype=np.int32)

    def raw_key(self, raw: int) -> str:
        return self.key(raw)

    def key(self, code: int) -> str:
        return "".join(map(str, digits_of(np.array([self.check_code(code)]), 3, 8)[0]))

    def parse(self, key: str) -> int:
        return int(key, base=3)

    def neighbours(self, code: int) -> np.ndarray:
        return one_digit_away(code, 3, 8)


@pytest.mark.parametrize(("columns", "missing"), [(3, set()), (2, {(at, 2) for at in range(8)})])
def test_options_that_no_genotype_can_describe_are_found(
    columns: int, missing: set[tuple[int, int]]
) -> None:
    class Own(Layers):
        shape = (8, columns)

        def decode_raw(self, genotypes: np.ndarray) -> np.ndarray:
            return mixed_radix(genotypes.argmax(axis=2), 3)

    assert unreached(Own(), 60_000) == missing


def test_a_space_without_variables_says_so_in_one_line() -> None:
    class Own(Layers):
        shape = (8, 3)
        variables = ()

    with pytest.raises(EdnagError, match=r"layers does not say what .* give it `variables` in"):
        Own().features(np.arange(3))


@pytest.mark.parametrize(
    ("shape", "reading", "reason"),
    [
        ((8, 2), ArgmaxReading(tuple(range(8)), (3,) * 8), "with 3 options needs as many columns"),
        ((7, 3), ArgmaxReading(tuple(range(8)), (3,) * 8), "not different rows of 7"),
        ((8, 3), ArgmaxReading((0,) * 8, (3,) * 8), "not different rows of 8"),
        ((2, 4), ThresholdReading(tuple(range(9)), 0.5), "not different ones of 8"),
    ],
)
def test_a_reading_that_does_not_fit_the_shape_is_refused(
    shape: tuple[int, int], reading: ArgmaxReading | ThresholdReading, reason: str
) -> None:
    with pytest.raises(EdnagError, match=f"search space layers: .*{reason}.*; correct") as caught:
        type("Own", (Layers,), {"shape": shape, "reading": reading, "__module__": "own"})
    assert "\n" not in str(caught.value)


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


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary() | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
#: Text that is close to keys: pieces of the keys of all spaces, in any order.
PIECES = ("none~0|", "|+|", "skip", "_", "|gat~1", "((0, 6), ", "64-41414-", "-basic", "3-3_")
NEARLY = st.lists(st.sampled_from(PIECES) | st.text("012347,()", max_size=3)).map("".join)


@settings(deadline=None)
@given(ANYTHING | NEARLY)
@pytest.mark.parametrize("name", SPACES)
def test_whatever_is_no_key_is_refused_in_one_line(name: str, value: object) -> None:
    space = get_space(name).fresh()
    try:
        code = space.code(value)
    except EdnagError as error:
        assert len(str(error).splitlines()) == 1
        assert len(str(error)) < 1000
    else:
        assert isinstance(value, str)
        assert space.code(space.key(code)) == code


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("piece", ["a", "(", "|none~0", "3-3_", "0", "\0", "[", "1, "])
def test_a_very_long_string_is_refused_at_once(name: str, piece: str) -> None:
    with pytest.raises(EdnagError, match=r"\.\.\. \(\d+ characters\) is not an architecture"):
        get_space(name).fresh().code(piece * 200_000)


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
