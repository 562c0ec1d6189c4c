"""Every source file that a study reads, whichever of its stages reads it."""

from pathlib import Path

import pytest

from ednag.study.benchmarks import split_benchmarks
from ednag.study.configuration import Study, read_study
from ednag.study.ranking import (
    ALL_RECORDS,
    LISTED_SOURCE,
    TAKEN_UP,
    ranking_lacks,
    ranking_sources,
    records_of,
    searched_by_rankers,
)
from ednag.study.sources_read import generated_files, sources_read
from ednag.tables import TABLES
from ednag.training.places import SMALL_SOURCES, SUPERNET


def read(study: Study, *here: str) -> tuple[str, ...]:
    """What a study reads where only some sources are here."""
    searched, _ = split_benchmarks(study, here.__contains__)
    return sources_read(study, searched, here.__contains__)


def test_what_tables_are_read_from_is_read_once() -> None:
    study = read_study({"benchmarks": {"nasbench201": ["cifar10", "ImageNet16-120"]}})
    found = read(study)
    assert len(found) == len(set(found))
    assert {"nasbench201-cifar10-csv", "nats-bench-csv"} & set(found)


def test_images_of_the_small_instance_are_read() -> None:
    small = read_study({"benchmarks": {"nasbench201": ["digits-unseen"]}})
    assert set(SMALL_SOURCES) <= set(read(small))
    none = read_study({"benchmarks": {"nasbench201": ["cifar10-analog"]}})
    assert not set(SMALL_SOURCES) & set(read(none))


def test_what_is_trained_on_and_searched_by_a_supernet_is_read() -> None:
    study = read_study({"benchmarks": {"mobilenetv3": ["cifar10"]}})
    assert {"cifar10", SUPERNET} <= set(read(study))


def test_weights_of_own_images_and_the_database_of_a_trained_predictor_are_read(
    tmp_path: Path,
) -> None:
    own = {"benchmarks": {"nasbench201": ["own-images"]}, "own_images": str(tmp_path)}
    assert "resnet18-imagenet" in read(read_study(own))
    assert "imagenet32-by-label" not in read(read_study(own))
    assert "imagenet32-by-label" in read(read_study(own | {"predictor": "train"}))


def test_the_ranking_takes_up_what_is_here() -> None:
    study = read_study(
        {"benchmarks": {"nasbench201": ["cifar10-analog"]}, "ranker": {"if_present": True}}
    )
    assert not set(TAKEN_UP) & set(read(study))
    assert set(ranking_lacks(study, lambda source: False)) == set(TAKEN_UP)
    assert LISTED_SOURCE in read(study, LISTED_SOURCE)
    assert ranking_sources(study, lambda source: True) == [*TAKEN_UP, *ALL_RECORDS.values()]
    assert not ranking_lacks(study, lambda source: True)


def test_all_records_of_nar_take_the_place_of_the_example() -> None:
    study = read_study(
        {"benchmarks": {"nasbench201": ["cifar10-analog"]}, "ranker": {"if_present": True}}
    )
    example, everything = "nar-example-201", "nar-nasbench201"
    for here, taken in (
        ({example}, example),
        ({example, everything}, everything),
        ({everything}, everything),
        (set(), None),
    ):
        sources = ranking_sources(study, here.__contains__)
        assert records_of("nasbench201", sources) == taken
    # Nobody is asked to fetch 785 MB.
    assert not set(ALL_RECORDS.values()) & set(ranking_lacks(study, lambda source: False))


def test_without_seeds_or_unasked_the_ranking_takes_up_nothing() -> None:
    for ranker in ({"if_present": True, "seeds": []}, {"if_present": False}):
        study = read_study({"ranker": ranker})
        assert not ranking_sources(study, lambda source: True)
        assert not ranking_lacks(study, lambda source: False)


def test_rankers_search_only_measured_accuracies(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = [
        ("nasbench201", "cifar10-analog"),
        ("nasbench201", "digits-unseen"),
        ("nasbench-graph", "cora"),
    ]
    assert searched_by_rankers(read_study({}), searched) == searched[:1]
    latencies = "tests.methods.made_up_latencies:TABLE"
    monkeypatch.setitem(TABLES["nasbench201"], "latencies", latencies)
    assert searched_by_rankers(read_study({}), [("nasbench201", "latencies")]) == []
    assert not searched_by_rankers(read_study({"ranker": {"seeds": []}}), searched)


def test_files_made_on_the_way_are_named_once() -> None:
    places = [("nasbench201", "digits-unseen"), ("nasbench201", "cifar10-analog")]
    found = generated_files(read_study({}), places)
    assert set(found) == {"predictors/small.pt", "features/small.pt"}
    assert len(found) == 2
