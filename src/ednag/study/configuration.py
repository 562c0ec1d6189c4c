"""The configuration of a study: keys, defaults, and the refusal of anything else.

`load_study` is called before the DAG is built. Every error is one line that names the place, the
closest valid name and the allowed values.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ednag.errors import EdnagError
from ednag.methods import METHODS, get_method
from ednag.naming import suggestion
from ednag.search.instruction_set import Arithmetic
from ednag.spaces import SPACES, get_space
from ednag.spaces.interface import SearchSpace
from ednag.study.seeds import format_seeds, parse_seeds
from ednag.tables import (
    TABLES,
    Definition,
    get_definition,
    is_predicted,
    official_definitions,
)
from ednag.tables.interface import Protocol
from ednag.yaml_files import read_yaml, validated

_STRICT = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Statistics(BaseModel):
    """How runs are summarised."""

    model_config = _STRICT

    confidence: float = Field(0.95, gt=0, lt=1, description="Level of every interval.")
    resamples: int = Field(10_000, ge=100, description="Bootstrap resamples of every interval.")
    seed: int = Field(0, ge=0, description="Seed of the bootstrap.")
    checkpoints: tuple[int, ...] = Field(
        (100, 200, 300, 500),
        description="Numbers of distinct evaluations at which methods are compared.",
    )

    @field_validator("checkpoints")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or any(entry < 1 for entry in value) or sorted(set(value)) != list(value):
            raise ValueError("must be whole numbers from 1 up, ascending, none twice")
        return value


class SmallInstance(BaseModel):
    """The predictor's training database of `nasbench201/digits-unseen`: networks trained here."""

    model_config = _STRICT

    tasks: Any = Field(
        "0-29",
        description="Seeds, each a task and its cells; more of them add to the database.",
    )
    held_out_tasks: Any = Field(
        "0-5", description="The same for tasks of unseen classes, which the predictor is judged by."
    )
    cells: int = Field(12, ge=2, description="Random cells that are trained on each task.")
    block: int = Field(10, ge=1, description="Largest number of tasks that one job trains on.")

    @field_validator("tasks", "held_out_tasks")
    @classmethod
    def _seeds(cls, value: object, info: ValidationInfo) -> tuple[int, ...]:
        return parse_seeds(value, f"small_instance.{info.field_name}")


class Training(BaseModel):
    """How the best by prediction are trained on real images."""

    model_config = _STRICT

    scale: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Share of the paper's epochs; below 1 a reduced but complete run.",
    )
    images: int | None = Field(
        None, ge=2, description="First images of each class alone; all if null."
    )
    cpu_hours: float = Field(
        24.0,
        gt=0,
        description="Without a GPU, a study that would train longer than this is refused.",
    )


class TopK(BaseModel):
    """Which architectures of a search by prediction are evaluated by training."""

    model_config = _STRICT

    methods: tuple[str, ...] = Field(
        ("ednag", "random"), description="Methods whose best are trained, of those the study runs."
    )
    runs: Any = Field("0-9", description="Seeds of the searches whose best are trained.")
    k: int = Field(3, ge=1, description="Architectures of each search that are trained.")
    random: int = Field(
        40, ge=2, description="Random architectures that are trained beside them, to compare with."
    )
    seeds: Any = Field("0-1", description="Training seeds of every architecture.")

    @field_validator("runs", "seeds")
    @classmethod
    def _seeds(cls, value: object, info: ValidationInfo) -> tuple[int, ...]:
        return parse_seeds(value, f"top_k.{info.field_name}")


class RankingStudy(BaseModel):
    """How well NAR's ranker, and plainer predictors, rank cells of NAS-Bench-201 and 101."""

    model_config = _STRICT

    sizes: tuple[int, ...] = Field(
        (50, 100, 200, 500, 1000),
        description="Numbers of cells that the plain predictors are trained on.",
    )
    seeds: Any = Field(
        "0-9",
        description="Seeds, each a draw of cells to train on and of cells held out. Empty: no such "
        "study.",
    )
    ranker_sizes: tuple[int, ...] = Field(
        (200, 1000), description="Numbers of cells that the ranker, which is slow, is trained on."
    )
    ranker_seeds: Any = Field("0-2", description="Seeds of the ranker.")
    held_out: int = Field(
        2000, ge=5, description="Cells that all predictors are judged by and none is trained on."
    )
    if_present: bool = Field(
        False,
        description="Whether the 20,001 cells of NAS-Bench-101 whose validation accuracy is public "
        "are ranked as well, and NAR's example records are checked, each where its file is already "
        "here; else it is listed as needing data.",
    )

    @field_validator("sizes", "ranker_sizes")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or value[0] < _TIERS or sorted(set(value)) != list(value):
            raise ValueError(
                f"must be whole numbers from {_TIERS} up (one cell for each of the {_TIERS} "
                "tiers), ascending, none twice"
            )
        return value

    @field_validator("seeds")
    @classmethod
    def _seeds(cls, value: object) -> tuple[int, ...]:
        return _seeds_or_none(value, "ranker.seeds")

    @field_validator("ranker_seeds")
    @classmethod
    def _ranker_seeds(cls, value: object) -> tuple[int, ...]:
        return parse_seeds(value, "ranker.ranker_seeds")

    @model_validator(mode="after")
    def _enough_cells(self) -> "RankingStudy":
        cells = get_space("nasbench201").size
        largest = max(*self.sizes, *self.ranker_sizes)
        if largest + self.held_out > cells:
            raise EdnagError(
                f"ranker: {largest} cells to train on and {self.held_out} held out are more than "
                f"the {cells} of NAS-Bench-201; lower one"
            )
        return self


#: Quality tiers of the ranker.
_TIERS = 5
#: Methods that are slow, and the seeds they run unless a study says otherwise.
_FEWER_SEEDS = {"nar": "0-9", "ednag-ranked": "0-9"}


class Study(BaseModel):
    """A study: which benchmarks, methods and seeds, at which budget."""

    model_config = _STRICT

    benchmarks: dict[str, tuple[str, ...]] = Field(
        {"nasbench201": ("cifar10-analog", "digits-unseen"), "nasbench-graph": ("cora",)},
        description="Search space -> datasets whose benchmark table is searched.",
    )
    official_files: dict[str, dict[str, str]] = Field(
        {},
        description="Search space -> dataset -> the benchmark's own file to read its table from, "
        "instead of the small files; what both hold is compared.",
    )
    protocols: tuple[str, ...] = Field(
        ("paper",),
        description="How fitness and reported value are defined; a benchmark without one of them "
        "is searched under the others.",
    )
    if_present: dict[str, tuple[str, ...]] = Field(
        {},
        description="Search space -> datasets that are searched as well where their source files "
        "are already here, in a mirror, the cache or a package; else they are listed as needing "
        "data.",
    )
    methods: tuple[str, ...] = Field(
        ("ednag", "random"), description="Methods that are compared, in the order of the tables."
    )
    further_methods: dict[str, tuple[str, ...]] = Field(
        {"nasbench201": ("nar", "ednag-ranked")},
        description="Search space -> methods that are run there besides `methods`.",
    )
    seeds: Any = Field(
        "0-99", description="Seeds of every method: a range such as 0-99, or a list of such."
    )
    method_seeds: dict[str, Any] = Field(
        _FEWER_SEEDS,
        description="Method -> its seeds where it is too slow for all of `seeds`: those of them "
        "that the study has. A method that is not named keeps the default.",
    )
    budget: int = Field(
        512,
        ge=1,
        description="Distinct evaluations of every method that has no end of its own.",
    )
    hyperparameters: dict[str, dict[str, Any]] = Field(
        {}, description="Method -> hyper-parameters that differ from the method's defaults."
    )
    arithmetic: Arithmetic = Field(
        "avx2",
        description="Instruction set of the reference machine whose last bits every EDNAG search "
        "reproduces, avx2 or avx512. A run is the same on every CPU, whichever is named.",
    )
    authors_seeds: Any = Field(
        (),
        description="Seeds, such as 0-999, among which those are placed that EDNAG's authors list; "
        "EDNAG runs both (protocol paper). Empty: neither.",
    )
    block: int = Field(
        50,
        ge=1,
        le=10_000,
        description="Largest number of seeds one job runs; no result depends on it.",
    )
    predictor: Literal["fetch", "train"] = Field(
        "fetch",
        description="Where the meta-predictor of Aircraft, Pets and the like comes from: the "
        "published checkpoint, or trained here on the published database.",
    )
    mobilenetv3_scale: tuple[float, float] = Field(
        (75.0, 5.0),
        description="Mean and standard deviation, in %, of the accuracies that the meta-predictor "
        "of MobileNetV3 was trained on: nobody publishes them. They change no order.",
    )
    own_images: str = Field(
        "",
        description="A folder with one subfolder of images for each class: what "
        "nasbench201/own-images is searched for. Its path is read as those of `mirrors`.",
    )
    small_instance: SmallInstance = Field(
        default_factory=lambda: SmallInstance(),
        description="How much is trained for the dataset digits-unseen.",
    )
    top_k: TopK = Field(
        default_factory=lambda: TopK(),
        description="What is evaluated by training where accuracy was only predicted.",
    )
    ranker: RankingStudy = Field(
        default_factory=lambda: RankingStudy(),
        description="How NAR's ranker is judged, on measured datasets of nasbench201.",
    )
    training: Training = Field(
        default_factory=lambda: Training(),
        description="How the best by prediction are trained where their images are registered.",
    )
    mirrors: tuple[str, ...] = Field(
        (),
        description="Folders searched for source files by name before any download. `~` is the "
        "home folder; a relative path is relative to the folder in which snakemake is called.",
    )
    statistics: Statistics = Field(
        default_factory=lambda: Statistics(),
        description="How runs are summarised.",
    )

    @field_validator("seeds")
    @classmethod
    def _seeds(cls, value: object) -> tuple[int, ...]:
        return parse_seeds(value)

    @field_validator("authors_seeds")
    @classmethod
    def _authors_seeds(cls, value: object) -> tuple[int, ...]:
        return _seeds_or_none(value, "authors_seeds")

    @field_validator("method_seeds", mode="before")
    @classmethod
    def _method_seeds(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return {
            name: parse_seeds(seeds, f"method_seeds.{name}")
            for name, seeds in {**_FEWER_SEEDS, **value}.items()
        }

    @model_validator(mode="after")
    def _names(self) -> "Study":
        _check_benchmarks(self.benchmarks, "benchmarks")
        _check_benchmarks(self.if_present, "if_present")
        _check_official_files(self.official_files)
        _check_protocols(self)
        _check_names(self.methods, METHODS, "methods", "method")
        if self.further_methods:
            _check_names(tuple(self.further_methods), SPACES, "further_methods", "search space")
        for space, names in self.further_methods.items():
            _check_names(names, METHODS, f"further_methods.{space}", "method")
        _check_methods(self)
        _check_names(self.top_k.methods, METHODS, "top_k.methods", "method")
        _check_hyperparameters(self.hyperparameters)
        if "own-images" in self.benchmarks.get("nasbench201", ()) and not self.own_images:
            raise EdnagError(
                "own_images: benchmarks.nasbench201 names own-images, so say which folder it is: "
                "own_images: path/to/folder"
            )
        return self


def _check_names(given: tuple[str, ...], valid: Any, place: str, kind: str) -> None:
    if not given:
        raise EdnagError(f"{place}: empty; allowed: {', '.join(valid)}")
    for position, name in enumerate(given):
        if name not in valid:
            raise EdnagError(
                f"{place}[{position}]: unknown {kind} {name!r}{suggestion(name, valid)}"
            )
        if name in given[:position]:
            raise EdnagError(f"{place}[{position}]: {kind} {name!r} is repeated; name it once")


def _check_benchmarks(benchmarks: Mapping[str, tuple[str, ...]], place: str) -> None:
    if benchmarks or place == "benchmarks":
        _check_names(tuple(benchmarks), SPACES, place, "search space")
    for space, datasets in benchmarks.items():
        _check_names(datasets, TABLES[space], f"{place}.{space}", "dataset")


def _seeds_or_none(value: object, place: str) -> tuple[int, ...]:
    """Seeds, or none where a study asks for none."""
    return () if value in (None, (), []) else parse_seeds(value, place)


def _check_methods(study: "Study") -> None:
    """Every space has a method that can search it, and every method that is run has seeds."""
    for space, names in study.further_methods.items():
        for position, name in enumerate(names):
            if not get_method(name).can_search(space):
                raise EdnagError(
                    f"further_methods.{space}[{position}]: method {name!r} cannot search {space}; "
                    f"it searches {', '.join(sorted(get_method(name).spaces or ()))}"
                )
    for name in study.method_seeds:
        if name not in METHODS:
            raise EdnagError(f"method_seeds: unknown method {name!r}{suggestion(name, METHODS)}")
    for space in (*study.benchmarks, *study.if_present):
        if not methods_of(study, space):
            raise EdnagError(
                f"methods: none of {', '.join(study.methods)} can search {space}; name one that "
                "can, such as random"
            )
        for name in methods_of(study, space):
            if not seeds_of(study, name):
                raise EdnagError(
                    f"method_seeds.{name}: none of {format_seeds(study.method_seeds[name])} is "
                    f"among the study's seeds {format_seeds(study.seeds)}; name some that are"
                )


def _check_official_files(given: Mapping[str, Mapping[str, str]]) -> None:
    _check_benchmarks({space: tuple(files) for space, files in given.items()}, "official_files")
    for space, files in given.items():
        for dataset, source in files.items():
            known = official_definitions(space, dataset)
            if source not in known:
                raise EdnagError(
                    f"official_files.{space}.{dataset}: unknown file {source!r}"
                    f"{suggestion(source, known) if known else '; there is none of this table'}"
                )


def _check_protocols(study: "Study") -> None:
    """Every protocol is one of some benchmark, and every benchmark has one of the protocols."""
    named = [(space, name) for space, names in study.benchmarks.items() for name in names]
    valid = dict.fromkeys(
        protocol for place in named for protocol in definition_of(study, *place).protocols
    )
    _check_names(study.protocols, valid, "protocols", "protocol")
    for space, name in named:
        if not protocols_of(study, space, name):
            raise EdnagError(
                f"protocols: {space}/{name} has none of {', '.join(study.protocols)}; it has "
                f"{', '.join(definition_of(study, space, name).protocols)}"
            )


def definition_of(study: "Study", space: str, dataset: str) -> Definition:
    """What a study's benchmark is read from: the small files, or the official one it names."""
    official = study.official_files.get(space, {}).get(dataset)
    if official is None:
        definition = get_definition(space, dataset)
        trained = definition.trained if study.predictor == "train" else None
        return trained or definition
    return official_definitions(space, dataset)[official]


def methods_of(study: "Study", space: str) -> tuple[str, ...]:
    """The methods a study runs on a search space, each once, in the study's order.

    Methods of `methods` that cannot search the space are skipped.
    """
    named = dict.fromkeys([*study.methods, *study.further_methods.get(space, ())])
    return tuple(name for name in named if get_method(name).can_search(space))


def methods_on(study: "Study", space: str, dataset: str) -> tuple[str, ...]:
    """Those of `methods_of` that a study runs on a dataset: on predictions, not all."""
    named = methods_of(study, space)
    if not is_predicted(space, dataset):
        return named
    return tuple(name for name in named if not get_method(name).measured_only)


def seeds_of(study: "Study", method: str) -> tuple[int, ...]:
    """The seeds that a study runs of a method: all of them, or those that `method_seeds` names."""
    if method not in study.method_seeds:
        return tuple(study.seeds)
    named = set(study.method_seeds[method])
    return tuple(seed for seed in study.seeds if seed in named)


def protocols_of(study: "Study", space: str, dataset: str) -> tuple[str, ...]:
    """Those of a study's protocols that a benchmark has, in the study's order."""
    known = definition_of(study, space, dataset).protocols
    return tuple(protocol for protocol in study.protocols if protocol in known)


def _check_hyperparameters(given: Mapping[str, Mapping[str, Any]]) -> None:
    for name, settings in given.items():
        if name not in METHODS:
            raise EdnagError(f"hyperparameters: unknown method {name!r}{suggestion(name, METHODS)}")
        read_hyperparameters(name, settings)
        if "arithmetic" in settings:
            raise EdnagError(
                f"hyperparameters.{name}.arithmetic: the key `arithmetic` of the study sets it for "
                "all methods; name it there"
            )


def hyperparameters_of(study: "Study", method: str) -> dict[str, Any]:
    """The hyper-parameters that a study gives a method, `arithmetic` included if it has one."""
    given = study.hyperparameters.get(method, {})
    if "arithmetic" in get_method(method).hyperparameters.model_fields:
        return {"arithmetic": study.arithmetic, **given}
    return given


def read_hyperparameters(
    method: str,
    settings: Mapping[str, Any],
    space: SearchSpace | None = None,
    protocol: Protocol | None = None,
) -> BaseModel:
    """A method's hyper-parameters, defaults filled in: the benchmark's own, then the method's.

    Args:
        method: Name of the method.
        settings: What the user sets.
        space: The space that is searched; without one, the settings are only checked.
        protocol: The protocol of the benchmark that is searched.

    Raises:
        EdnagError: A setting is wrong; the message names its place.
    """
    chosen = get_method(method)
    model = chosen.hyperparameters
    of_space = chosen.defaults_in(space, protocol) if space is not None else {}
    try:
        return validated(model, {**of_space, **settings})
    except ValidationError as error:
        raise _one_line(error, f"hyperparameters.{method}", model) from None


def _one_line(error: ValidationError, place: str, model: type[BaseModel]) -> EdnagError:
    """The first of pydantic's errors as one line."""
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    where = ".".join([*([place] if place else []), *path]) or "configuration"
    if first["type"] == "extra_forbidden":
        for part in path[:-1]:
            annotation = model.model_fields[part].annotation
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                model = annotation
        return EdnagError(
            f"{where}: unknown key {path[-1]!r}{suggestion(path[-1], model.model_fields)}"
        )
    return EdnagError(f"{where}: {_in_words(first)}")


#: pydantic's words for what a YAML file calls otherwise
_YAML_WORDS = {
    "valid array": "list",
    "an object": "a mapping",
    "valid integer": "whole number",
}


def _in_words(error: Mapping[str, Any]) -> str:
    """What is wrong with a value, and which values are allowed, in the words of a YAML file."""
    message = error["msg"].removeprefix("Value error, ")
    for formal, plain in _YAML_WORDS.items():
        message = message.replace(formal, plain)
    return f"{message[0].lower()}{message[1:]}{_given(error['input'])}"


def _given(value: object) -> str:
    """The value that was given; explains those that YAML reads in an unexpected way."""
    if isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return f", not {str(value).lower()} (YAML reads yes and on as true, no and off as false)"
    if isinstance(value, str) and re.fullmatch(r"[-+\d.]+[eE][-+]?\d+", value):
        return f", not the text {value!r} (YAML reads a power of ten only as in 1.0e-3)"
    return f", not {value!r}"


def read_study(raw: Mapping[str, Any]) -> Study:
    """A validated study from a mapping; raises EdnagError with one line."""
    if not isinstance(raw, Mapping):
        raise EdnagError(f"configuration: a mapping of keys is expected, not {raw!r}")
    try:
        return validated(Study, raw)
    except ValidationError as error:
        raise _one_line(error, "", Study) from None


def read_statistics(raw: Mapping[str, Any], place: str) -> Statistics:
    """Validated settings from a mapping; raises EdnagError with one line that begins at `place`."""
    try:
        return validated(Statistics, raw)
    except ValidationError as error:
        raise _one_line(error, place, Statistics) from None


def load_study(path: Path) -> Study:
    """A validated study from a YAML file; raises EdnagError with one line."""
    raw = read_yaml(path)
    try:
        return read_study({} if raw is None else raw)
    except EdnagError as error:
        raise EdnagError(f"{path}: {error}") from None


def check_study_files(paths: Iterable[Path]) -> None:
    """Refuse files that Snakemake would read, but not as they are written.

    Snakemake keeps the last of two equal keys. It merges mappings, so that `{}` in a later file
    removes no entry of an earlier one.

    Args:
        paths: A study, then its overlays in the order in which they are applied.

    Raises:
        EdnagError: One line that names the file.
    """
    merged: dict[str, Any] = {}
    for path in paths:
        raw = read_yaml(path)
        if isinstance(raw, dict):  # Snakemake and `read_study` refuse anything else
            _lay_over(merged, raw, f"{path}: ")


def _lay_over(below: dict[str, Any], above: Mapping[str, Any], place: str) -> None:
    """Merge an overlay into a study as Snakemake does; refuse `{}`, which would do nothing."""
    for key, value in above.items():
        known = below.get(key)
        if isinstance(value, dict) and isinstance(known, dict):
            if known and not value:
                raise EdnagError(
                    f"{place}{key}: {{}} removes nothing of what an earlier file gives here: "
                    "mappings are merged; name each entry with its new value, or edit that file"
                )
            _lay_over(known, value, f"{place}{key}.")
        else:
            below[key] = value


def schema() -> str:
    """The configuration's JSON schema, as it stands in config/schema.json."""
    described = Study.model_json_schema()
    described["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    described["properties"]["methods"]["items"]["enum"] = list(METHODS)
    for name in ("seeds", "authors_seeds"):
        described["properties"][name] |= {"type": ["string", "integer", "array"]}
    described["properties"]["benchmarks"]["propertyNames"] = {"enum": list(SPACES)}
    described["properties"]["hyperparameters"]["properties"] = {
        name: get_method(name).hyperparameters.model_json_schema() for name in METHODS
    }
    return json.dumps(described, indent=2) + "\n"
