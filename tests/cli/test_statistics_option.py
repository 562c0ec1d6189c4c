"""`--statistics` is refused in one line, as the configuration's key is."""

import pytest

from ednag.cli._statistics import statistics_of
from ednag.errors import EdnagError
from ednag.study.statistics import Statistics


def test_what_is_not_given_is_the_default() -> None:
    assert statistics_of("{}") == Statistics()
    assert statistics_of('{"resamples": 100}').resamples == 100


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "a JSON object is expected"),
        ('{"confidence": 2}', "--statistics.confidence: "),
        ('{"resample": 7}', "unknown key 'resample'; did you mean 'resamples'?"),
    ],
)
def test_a_wrong_value_is_named(text: str, words: str) -> None:
    with pytest.raises(EdnagError) as raised:
        statistics_of(text)
    assert words in str(raised.value) and "\n" not in str(raised.value)
