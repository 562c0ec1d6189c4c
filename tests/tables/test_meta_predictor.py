"""Benchmarks whose values the meta-predictor gives, from files of the published structure."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from ednag.errors import EdnagError
from ednag.methods import get_method
from ednag.predictor.configuration import MOBILENETV3, NASBENCH201, Configuration
from ednag.predictor.coreset import coreset, gathered
from ednag.predictor.features import read_features, write_features
from ednag.predictor.fitting import FittedPredictor
from ednag.predictor.model import load_parameters, model_of, new_model
from ednag.predictor.node_types import node_types_of
from ednag.predictor.trained import coreset_images, read_predictor, write_predictor
from ednag.predictor.unseen_task import UNSEEN_CLASSES
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import objective_on
from ednag.spaces import get_space
from ednag.study.configuration import read_study
from ednag.tables import get_definition, is_predicted, known_optimum
from ednag.tables.interface import BenchmarkTable, PredictedBenchmark, PredictorDefinition
from ednag.tables.meta_predictor import (
    AIRCRAFT,
    CHECKPOINT,
    CIFAR10,
    DIGITS_UNSEEN,
    MOBILENETV3_CHECKPOINT,
    SMALL_FEATURES,
    SMALL_PREDICTOR,
    read_published,
)
from ednag.tables.parquet import read_benchmark, write_benchmark

#: Small sizes: the structure at full size is tested where the model is.
SMALL = NASBENCH201.sized(16, 8)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Other tests run on the other cores."""
    torch.set_num_threads(1)


def some_features(classes: tuple[int, ...], path: Path, images: int = 24) -> Path:
    generator = np.random.default_rng(0)
    found = {
        number: generator.random((images, 512)).astype(np.float32) + number / 10
        for number in classes
    }
    write_features(found, path)
    return path


def checkpoint(configuration: Configuration, path: Path) -> Path:
    """A state dictionary as it is published, weights drawn."""
    torch.save(new_model(configuration, 1).state_dict(), path)
    return path


@pytest.fixture
def published(tmp_path: Path) -> Mapping[str, Path]:
    """Files of the published structure for NAS-Bench-201."""
    return {
        CHECKPOINT: checkpoint(NASBENCH201, tmp_path / "unnoised_checkpoint.pth.tar"),
        "cifar10-by-label": some_features(tuple(range(10)), tmp_path / "cifar10bylabel.pt"),
    }


@pytest.mark.slow
def test_every_cell_gets_the_value_of_the_torch_module(published: Mapping[str, Path]) -> None:
    table = CIFAR10.build(published, {})
    assert isinstance(table, BenchmarkTable)
    values = table.values["predicted_accuracy"]
    assert values.shape == (15_625,) and np.isfinite(values).all()
    some = np.array([0, 7, 1234, 9999, 15_624])
    model = model_of(load_parameters(published[CHECKPOINT], NASBENCH201), NASBENCH201)
    features = list(read_features(published["cifar10-by-label"]).values())
    images = torch.from_numpy(gathered(features, coreset(features)))[None]
    with torch.no_grad():
        encoding = model.encode_datasets(images).expand(len(some), -1)
        graphs = model.encode_graphs(torch.from_numpy(node_types_of("nasbench201", some)))
        outputs = model(encoding, graphs).numpy()
    np.testing.assert_allclose(values[some], (0.10 + outputs) * 550 + 40, atol=1e-2)


def test_predictions_are_marked_and_rank_nothing_measured() -> None:
    for space, dataset in (("nasbench201", "aircraft"), ("mobilenetv3", "pets")):
        assert is_predicted(space, dataset)
        assert "(predicted)" in get_definition(space, dataset).title
    assert not is_predicted("nasbench201", "cifar10-analog")


def test_the_largest_prediction_is_no_optimum() -> None:
    values = np.linspace(50, 90, 15_625)
    for dataset, metric, optimum in (
        ("digits-unseen", "predicted_accuracy", None),
        ("aircraft", "predicted_accuracy", None),
        ("cifar10-valid", "validation_accuracy", 90.0),
    ):
        metrics = {each.name: each for each in get_definition("nasbench201", dataset).metrics}
        table = BenchmarkTable("nasbench201", dataset, {metric: values}, metrics)
        assert table.optimum(metric) == 90
        known = known_optimum(table, metric)
        assert np.isnan(known) if optimum is None else known == optimum


def test_aircraft_and_pets_search_with_their_own_share_of_diversity() -> None:
    space = get_space("nasbench201")
    for definition, expected in ((AIRCRAFT, 0.3), (CIFAR10, 0.2)):
        settings = get_method("ednag").read_hyperparameters(
            {}, space, definition.protocols["paper"]
        )
        assert isinstance(settings, SearchHyperparameters)
        assert settings.diver_rate == expected
    given = get_method("ednag").read_hyperparameters(
        {"diver_rate": 0.1}, space, AIRCRAFT.protocols["paper"]
    )
    assert isinstance(given, SearchHyperparameters) and given.diver_rate == 0.1


def test_which_predictor_is_read_is_a_matter_of_the_study() -> None:
    from ednag.study.configuration import definition_of

    benchmarks = {"benchmarks": {"nasbench201": ["aircraft"]}}
    fetched = definition_of(read_study(benchmarks), "nasbench201", "aircraft")
    assert fetched.sources == (CHECKPOINT, "aircraft-by-label") and not fetched.generated
    ours = definition_of(
        read_study({**benchmarks, "predictor": "train"}), "nasbench201", "aircraft"
    )
    assert ours.sources == ("aircraft-by-label",)
    assert ours.generated == ("predictors/nasbench201.pt",)


def test_mobilenetv3_is_predicted_when_asked_and_once_per_run(tmp_path: Path) -> None:
    definition = get_definition("mobilenetv3", "cifar10")
    assert isinstance(definition, PredictorDefinition) and definition.of_scale is not None
    paths = {
        MOBILENETV3_CHECKPOINT: checkpoint(MOBILENETV3, tmp_path / "ckpt_max_corr.pt"),
        "cifar10-by-label": some_features(tuple(range(10)), tmp_path / "cifar10bylabel.pt"),
    }
    built = definition.of_scale(70.0, 2.0).build(paths, {})
    write_benchmark(built, tmp_path / "table.parquet")
    benchmark = read_benchmark(tmp_path / "table.parquet")
    assert isinstance(benchmark, PredictedBenchmark)
    asked: list[int] = []

    def counted(space: object, codes: np.ndarray) -> np.ndarray:
        asked.extend(codes.tolist())
        return built.predict(space, codes)  # type: ignore[union-attr, arg-type]

    space = get_space("mobilenetv3")
    objective = objective_on(benchmark, definition.protocols["paper"], space)
    objective._predict = counted  # type: ignore[attr-defined]
    objective.begin(0)
    codes = objective.space.sample(np.random.default_rng(0), 20)
    first, _ = objective.evaluate(codes)
    second, _ = objective.evaluate(codes[::-1])
    np.testing.assert_array_equal(first, second[::-1])
    assert len(asked) == len(set(asked)) == len(set(codes.tolist()))
    parameters = load_parameters(paths[MOBILENETV3_CHECKPOINT], MOBILENETV3)
    model = model_of(parameters, MOBILENETV3)
    images = coreset_images(list(read_features(paths["cifar10-by-label"]).values()))
    with torch.no_grad():
        encoding = model.encode_datasets(torch.from_numpy(images)[None]).expand(20, -1)
        types = node_types_of("mobilenetv3", objective.space.contents(codes))  # type: ignore[attr-defined]
        outputs = model(encoding, model.encode_graphs(torch.from_numpy(types))).numpy()
    np.testing.assert_allclose(first, np.maximum(100 * outputs * 2 + 70, 0), atol=1e-3)


def trained_here(path: Path) -> Path:
    """A predictor's file as `ednag predictor fit` writes it."""
    model = new_model(SMALL, 0)
    parameters = {name: value.numpy() for name, value in model.state_dict().items()}
    import pandas as pd

    write_predictor(FittedPredictor(SMALL, parameters, 3, 2.0, 0.02, "logit", pd.DataFrame()), path)
    return path


def test_a_predictor_trained_here_reads_only_the_classes_of_the_task(tmp_path: Path) -> None:
    predictor = trained_here(tmp_path / "small.pt")
    again = trained_here(tmp_path / "again.pt")
    assert predictor.read_bytes() == again.read_bytes()
    assert read_predictor(predictor).configuration == SMALL
    everything = some_features(tuple(range(20)), tmp_path / "all.pt")
    generator = np.random.default_rng(0)
    only = {n: f for n, f in read_features(everything).items() if n in UNSEEN_CLASSES}
    only |= {0: generator.random((24, 512)).astype(np.float32)}
    write_features(only, tmp_path / "some.pt")
    tables = [
        DIGITS_UNSEEN.read({SMALL_PREDICTOR: predictor, SMALL_FEATURES: path})
        for path in (everything, tmp_path / "some.pt")
    ]
    assert tables[0].equals(tables[1]) and len(tables[0]) == 15_625
    predicted = tables[0]["predicted_accuracy"]
    assert predicted.between(0, 100).all() and predicted.nunique() > 1000
    (metric,) = DIGITS_UNSEEN.metrics
    assert (metric.low, metric.high) == (0, 100)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({0: np.zeros((24, 511), np.float32)}, "class 0: features are 511 numbers long, not 512"),
        ({0: np.full((24, 512), np.nan, np.float32)}, "class 0: NaN or infinity"),
        ({0: np.zeros((19, 512), np.float32)}, "class 0 has 19 images"),
    ],
    ids=["width", "nan", "too few images"],
)
def test_broken_features_are_one_clear_line(
    broken: dict[int, np.ndarray], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "cifar10bylabel.pt"
    torch.save({number: [torch.from_numpy(each)] for number, each in broken.items()}, path)
    paths = {
        CHECKPOINT: checkpoint(NASBENCH201, tmp_path / "checkpoint.pt"),
        "cifar10-by-label": path,
    }
    read = partial(read_published, features="cifar10-by-label", scale="nasbench201")
    with pytest.raises(EdnagError, match=said) as error:
        read(paths)
    assert "\n" not in str(error.value)


def test_a_checkpoint_that_lacks_a_tensor_is_one_clear_line(published: Mapping[str, Path]) -> None:
    state = torch.load(published[CHECKPOINT], weights_only=True)
    del state["fc1.weight"]
    torch.save(state, published[CHECKPOINT])
    with pytest.raises(EdnagError, match=r"fc1\.weight") as error:
        CIFAR10.build(published, {})
    assert "\n" not in str(error.value)
