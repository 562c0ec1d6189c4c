"""Which architectures of searches are trained."""

from collections.abc import Sequence

import numpy as np

from ednag.predictor.choice import CHANCE, PREDICTOR, Choices
from ednag.spaces import get_space


def by_code(keys: Sequence[str]) -> np.ndarray:
    """A prediction that rises with the code."""
    space = get_space("nasbench201")
    return np.array([space.code(key) / 100 for key in keys])


def test_both_rules_the_best_of_the_space_and_chance() -> None:
    space = get_space("nasbench201")
    key = space.key
    choices = Choices(space, by_code, 2)
    population = [key(5), "", key(9), key(9), key(1)]
    evaluated = [key(1), key(5), key(9), key(7000)]
    assert choices.add("ednag", 3, population, evaluated) == []
    choices.add_best_of_space()
    choices.add_random(4)
    found = {
        (row["method"], row["rule"]): [
            r["key"]
            for r in choices.rows
            if r["rule"] == row["rule"] and r["method"] == row["method"]
        ]
        for row in choices.rows
    }
    assert found["ednag", "paper"] == [key(9), key(5)]
    assert found["ednag", "honest"] == [key(7000), key(9)]
    assert found[PREDICTOR, "honest"] == [key(15_624), key(15_623)]
    assert len(set(found[CHANCE, "random"])) == 4
    assert all(row["run"] == 3 for row in choices.rows if row["method"] == "ednag")


def test_fewer_than_asked_are_kept_and_told() -> None:
    space = get_space("nasbench201")
    choices = Choices(space, by_code, 3)
    said = choices.add("ednag", 0, [space.key(5), space.key(5), ""], [space.key(5)])
    assert len(said) == 2 and all("only 1 distinct" in sentence for sentence in said)
    assert len(choices.rows) == 2


def test_a_method_without_a_population_has_no_paper_rule() -> None:
    space = get_space("nasbench201")
    choices = Choices(space, by_code, 1)
    choices.add("random", 0, [space.key(5)], [space.key(5), space.key(6)])
    assert [row["rule"] for row in choices.rows] == ["honest"]


def test_the_large_space_has_its_roulette_and_no_best_of_all() -> None:
    space = get_space("mobilenetv3").fresh()
    keys = space.keys(space.sample(np.random.default_rng(0), 12))  # type: ignore[arg-type]
    choices = Choices(space, lambda some: np.linspace(1, 2, len(some)), 5)
    choices.add("ednag", 0, keys, keys)
    choices.add_best_of_space()
    choices.add_random(3)
    rules = [(row["method"], row["rule"]) for row in choices.rows]
    assert rules.count(("ednag", "paper")) == 5 and rules.count(("ednag", "honest")) == 5
    assert rules.count((CHANCE, "random")) == 3 and (PREDICTOR, "honest") not in rules
