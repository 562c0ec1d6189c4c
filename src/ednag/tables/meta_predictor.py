"""Datasets without a table: accuracy that the meta-predictor predicts from the dataset's images.

A coreset of the images encodes the dataset once. On NAS-Bench-201 all cells are predicted in one
pass and become a table. MobileNetV3 is too large for a table: a network is predicted when a run
first evaluates it. Source: meta-predictor specification.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ednag.predictor.unseen_task import UNSEEN_CLASSES
from ednag.spaces.interface import LargeSpace, SearchSpace
from ednag.spaces.nasbench201 import NASBench201
from ednag.tables.interface import (
    Metric,
    Parameters,
    Predictor,
    PredictorDefinition,
    Protocol,
    TableDefinition,
)
from ednag.training.places import SMALL_SOURCES

if TYPE_CHECKING:
    import pandas as pd

    from ednag.predictor.configuration import Configuration

CHECKPOINT, MOBILENETV3_CHECKPOINT = "meta-predictor-checkpoint", "mbv3-meta-checkpoint"
#: Made by other stages, below `results/`.
SMALL_PREDICTOR, SMALL_FEATURES = "predictors/small.pt", "features/small.pt"
TRAINED_PREDICTOR = "predictors/nasbench201.pt"
OWN_FEATURES, OWN_SMALL_FEATURES = "features/own-images.pt", "features/own-images-small.pt"
#: These files -> ids of the sources that each is made of (rules/predictor.smk).
GENERATED_FROM: Mapping[str, tuple[str, ...]] = {
    SMALL_PREDICTOR: SMALL_SOURCES,
    SMALL_FEATURES: SMALL_SOURCES,
    TRAINED_PREDICTOR: (
        "meta-train-tasks-predictor",
        "meta-train-task-lst",
        "meta-train-tasks-predictor-idx",
        "imagenet32-by-label",
    ),
    OWN_FEATURES: ("resnet18-imagenet",),
    OWN_SMALL_FEATURES: (),
}


def _rows(accuracy: np.ndarray) -> "pd.DataFrame":
    """Every cell with its predicted accuracy float64[15625] in %."""
    import pandas as pd

    keys = NASBench201().keys(np.arange(NASBench201.size))
    return pd.DataFrame({"key": keys, "predicted_accuracy": accuracy})


def _all_cells() -> np.ndarray:
    from ednag.predictor.node_types import node_types_of

    return node_types_of("nasbench201", np.arange(NASBench201.size))


def _checkpoint(
    path: Path, configuration: "Configuration", features: Path
) -> tuple[Parameters, np.ndarray]:
    """The parameters in a checkpoint, and its encoding of the dataset with these features."""
    from ednag.predictor.features import read_features
    from ednag.predictor.model import encode_dataset, load_parameters, model_of
    from ednag.predictor.trained import coreset_images

    parameters = load_parameters(path, configuration)
    images = coreset_images(list(read_features(features).values()))
    return parameters, encode_dataset(model_of(parameters, configuration), images)


def read_published(paths: Mapping[str, Path], features: str, scale: str) -> "pd.DataFrame":
    """Predictions of the published checkpoint on a scale of the reference's search.

    `features` is the id of the features by class, `scale` a name in `NASBENCH201_SCALES`.
    """
    from ednag.predictor.configuration import NASBENCH201
    from ednag.predictor.inference import NASBENCH201_SCALES, QuickPredictor, to_accuracy

    parameters, encoding = _checkpoint(paths[CHECKPOINT], NASBENCH201, paths[features])
    outputs = QuickPredictor(parameters, NASBENCH201)(encoding, _all_cells())
    return _rows(to_accuracy(outputs, NASBENCH201_SCALES[scale]))


def read_trained(
    paths: Mapping[str, Path], predictor: str, features: str, classes: tuple[int, ...] = ()
) -> "pd.DataFrame":
    """Predictions of a predictor trained here, on the scale of its training target.

    `predictor` and `features`, by class, are ids of files; `classes` are those of the dataset, or
    all if empty.
    """
    from ednag.predictor.coreset import IMAGES
    from ednag.predictor.features import of_classes, read_features
    from ednag.predictor.trained import coreset_images, read_predictor

    by_class = read_features(paths[features])
    chosen = of_classes(by_class, classes or tuple(by_class), IMAGES, str(features))
    trained = read_predictor(paths[predictor])
    return _rows(trained.accuracies(coreset_images(chosen), _all_cells()))


#: Names beside those of the checkpoint: the dataset's encoding; mean and standard deviation, in %,
#: of the accuracies that the predictor was trained on.
ENCODING, SCALE = "ednag.dataset_encoding", "ednag.scale"
#: Mean and standard deviation are in a file that is not published. They change no order, but they
#: stretch the fitness; `mobilenetv3_scale` in the study sets other values.
MOBILENETV3_SCALE = (75.0, 5.0)


def load_mobilenetv3(
    paths: Mapping[str, Path], features: str, mean: float, std: float
) -> Parameters:
    """The published checkpoint of MobileNetV3, with one dataset, by its `features`, encoded.

    `mean` and `std`, in %, are those of the accuracies that the predictor was trained on.
    """
    from ednag.predictor.configuration import MOBILENETV3

    path = paths[MOBILENETV3_CHECKPOINT]
    parameters, encoding = _checkpoint(path, MOBILENETV3, paths[features])
    scale = np.array([mean, std], dtype=np.float32)
    return {**parameters, ENCODING: encoding.astype(np.float32), SCALE: scale}


def mobilenetv3_predictor(parameters: Parameters) -> Predictor:
    """The predictor of one dataset; raises EdnagError for parameters of another predictor."""
    from ednag.predictor.configuration import MOBILENETV3
    from ednag.predictor.inference import QuickPredictor, mobilenetv3_scale, to_accuracy
    from ednag.predictor.node_types import node_types_of
    from ednag.predictor.parameters import check_parameters

    own = {name: array for name, array in parameters.items() if name not in (ENCODING, SCALE)}
    check_parameters(own, MOBILENETV3, MOBILENETV3_CHECKPOINT)
    quick = QuickPredictor(own, MOBILENETV3)
    encoding = parameters[ENCODING].astype(np.float64)
    scale = mobilenetv3_scale(*parameters[SCALE].tolist())

    def predict(space: SearchSpace, codes: np.ndarray) -> np.ndarray:
        assert isinstance(space, LargeSpace)
        types = node_types_of("mobilenetv3", space.contents(codes))
        return to_accuracy(quick(encoding, types), scale)

    return predict


_METRICS = (
    Metric(
        "predicted_accuracy",
        "%",
        "accuracy as the meta-predictor sees it from the dataset's images; ranks cells, and is no "
        "measurement",
        low=-10_000,
        high=10_000,
    ),
)


def _definition(
    dataset: str,
    title: str,
    sources: tuple[str, ...],
    generated: tuple[str, ...],
    read: "Callable[[Mapping[str, Path]], pd.DataFrame]",
    diver_rate: float | None = None,
    metrics: tuple[Metric, ...] = _METRICS,
) -> TableDefinition:
    return TableDefinition(
        space="nasbench201",
        dataset=dataset,
        title=f"{title} (predicted)",
        sources=sources,
        generated=generated,
        metrics=metrics,
        protocols={
            "paper": Protocol(
                fitness_metric="predicted_accuracy",
                reported_metric="predicted_accuracy",
                description="fitness is the accuracy predicted from the dataset's images",
                hyperparameters={} if diver_rate is None else {"diver_rate": diver_rate},
            )
        },
        read=read,
        complete=True,
        predicted=True,
    )


def _published(
    dataset: str,
    title: str,
    features: str,
    scale: str = "nasbench201",
    diver_rate: float | None = None,
) -> TableDefinition:
    """A dataset by the published checkpoint, or by the predictor that is trained here."""
    sources, generated = ((), (features,)) if features in GENERATED_FROM else ((features,), ())
    read = partial(read_published, features=features, scale=scale)
    published = _definition(dataset, title, (CHECKPOINT, *sources), generated, read, diver_rate)
    trained = replace(
        published,
        sources=sources,
        generated=(TRAINED_PREDICTOR, *generated),
        read=partial(read_trained, predictor=TRAINED_PREDICTOR, features=features),
    )
    return replace(published, trained=trained)


AIRCRAFT = _published("aircraft", "Aircraft", "aircraft-by-label", "nasbench201-aircraft", 0.3)
PETS = _published("pets", "Pets", "pets-by-label", "nasbench201-pets", 0.3)
CIFAR10 = _published("cifar10-predicted", "CIFAR-10", "cifar10-by-label")
CIFAR100 = _published("cifar100-predicted", "CIFAR-100", "cifar100-by-label")
#: A folder of the user's, `own_images` in the study.
OWN_IMAGES = _published("own-images", "Own images", OWN_FEATURES)


def _small(
    dataset: str, title: str, features: str, classes: tuple[int, ...] = ()
) -> TableDefinition:
    """A dataset by the small predictor, which is trained here on digits without any download."""
    return _definition(
        dataset,
        title,
        (),
        (SMALL_PREDICTOR, features),
        partial(read_trained, predictor=SMALL_PREDICTOR, features=features, classes=classes),
        # Its target is a logit. The published targets and scales are not bounded.
        metrics=tuple(replace(metric, low=0, high=100) for metric in _METRICS),
    )


DIGITS_UNSEEN = _small("digits-unseen", "Unseen digits", SMALL_FEATURES, UNSEEN_CLASSES)
OWN_IMAGES_SMALL = _small("own-images-small", "Own images, small predictor", OWN_SMALL_FEATURES)


def _mobilenetv3(dataset: str, title: str, features: str) -> PredictorDefinition:
    def of_scale(mean: float, std: float) -> PredictorDefinition:
        return PredictorDefinition(
            space="mobilenetv3",
            dataset=dataset,
            title=f"{title} (predicted)",
            sources=(MOBILENETV3_CHECKPOINT, features),
            metrics=_METRICS,
            protocols=AIRCRAFT.protocols if dataset in ("aircraft", "pets") else CIFAR10.protocols,
            load=partial(load_mobilenetv3, features=features, mean=mean, std=std),
            predictor=mobilenetv3_predictor,
            of_scale=of_scale,
        )

    return of_scale(*MOBILENETV3_SCALE)


MOBILENETV3_CIFAR10 = _mobilenetv3("cifar10", "CIFAR-10", "cifar10-by-label")
MOBILENETV3_CIFAR100 = _mobilenetv3("cifar100", "CIFAR-100", "cifar100-by-label")
MOBILENETV3_AIRCRAFT = _mobilenetv3("aircraft", "Aircraft", "aircraft100-by-label")
MOBILENETV3_PETS = _mobilenetv3("pets", "Pets", "pets-by-label")
