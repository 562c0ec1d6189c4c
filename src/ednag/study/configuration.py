"""The configuration of a study: keys, defaults, and the refusal of anything else.

Every error is one line that names the place, the closest valid name and the allowed values.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, field_serializer, model_validator

from ednag.errors import EdnagError
from ednag.methods import METHODS, shared_method
from ednag.methods.instances import method_names, plain_title
from ednag.methods.interface import Method
from ednag.naming import suggestion
from ednag.own_code import declare_benchmarks, installed, installed_tables, search_in
from ednag.search.instruction_set import Arithmetic
from ednag.search.objective import GRAPHS, Count, graphs_of
from ednag.spaces import SPACES, get_space
from ednag.study.methods import MethodInstance, named, refuse_old_keys
from ednag.study.seeds import LARGEST_SEED, format_seeds, parse_seeds
from ednag.study.statistics import Statistics, ascending
from ednag.tables import (
    TABLES,
    Definition,
    get_definition,
    is_registered,
    official_definitions,
    reference_to,
    refuse_further,
)
from ednag.validation import StrictModel, read_model
from ednag.yaml_files import read_yaml

#: Benchmarks of a study that names none: those whose tables come with installed packages.
_BENCHMARKS = {
    "nasbench201": (
        *("cifar10-valid", "cifar100-valid", "ImageNet16-120-valid"),
        *("cifar10-analog", "digits-unseen"),
    ),
    "nasbench-graph": tuple(TABLES["nasbench-graph"]),
}
#: Methods of a study that names none.
_METHODS = (
    *("ednag", "random", "regularised-evolution-30-10", "local-search-first"),
    *("genetic-algorithm", "diffusion-evolution"),
)
#: Methods whose best by prediction are trained, unless a study names others.
_TRAINED = ("ednag", "random")
#: Quality tiers of the ranker.
_TIERS = 5


_Size = Annotated[int, Field(ge=1, le=15_625)]
_SIZES = ascending(_TIERS, f" (one cell for each of the {_TIERS} tiers)")


def _seeds(place: str, may_be_empty: bool = False) -> AfterValidator:
    """A validator of seeds as ranges or lists; `place` is the key in its messages."""

    def read(value: object) -> tuple[int, ...]:
        return () if may_be_empty and value in (None, (), []) else parse_seeds(value, place)

    return AfterValidator(read)


class _Part(StrictModel):
    model_config = ConfigDict(validate_default=True)

    @field_serializer(
        *("seeds", "authors_seeds", "tasks", "held_out_tasks", "reference_tasks", "runs"),
        "ranker_seeds",
        check_fields=False,
    )
    def _as_ranges(self, seeds: Sequence[int]) -> list[str]:
        return format_seeds(seeds).split(",") if seeds else []


class SmallInstance(_Part):
    """The predictor's training database of `nasbench201/digits-unseen`: networks trained here."""

    tasks: Annotated[Any, _seeds("small_instance.tasks")] = Field(
        "0-29", description="Seeds, each a task and its cells; more of them add to the database."
    )
    held_out_tasks: Annotated[Any, _seeds("small_instance.held_out_tasks")] = Field(
        "0-5",
        description="Seeds of tasks of unseen classes, which the predictor is judged by. There are "
        "three, taken in turn: further seeds train the same cells on them again.",
    )
    reference_tasks: Annotated[Any, _seeds("small_instance.reference_tasks")] = Field(
        "0-3",
        description="Seeds of training tasks on which the cells of held-out tasks are trained as "
        "well: their mean accuracy there is held against the predictor.",
    )
    cells: int = Field(
        16, ge=2, le=14_625, description="Random cells that are trained on each task."
    )
    held_out_cells: int = Field(
        60,
        ge=4,
        le=1000,
        description="Random cells, the same, that are trained on each held-out and reference task "
        "and on no other.",
    )
    block: int = Field(
        10, ge=1, le=10_000, description="Largest number of tasks that one job trains on."
    )


class Training(_Part):
    """How the best by prediction are trained on real images."""

    scale: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Share of the paper's epochs; below 1 a reduced but complete run.",
    )
    images: int | None = Field(
        None, ge=2, le=1_000_000, description="First images of each class alone; all if null."
    )
    cpu_hours: float = Field(
        24.0,
        gt=0,
        le=1e6,
        description="Without a GPU, a study that would train longer than this is refused.",
    )


class TopK(_Part):
    """Which architectures of a search by prediction are evaluated by training."""

    methods: tuple[str, ...] = Field(
        (),
        description="Methods whose best are trained, of those the study runs. Empty: ednag and "
        "random; where it runs neither, its first.",
    )
    runs: Annotated[Any, _seeds("top_k.runs")] = Field(
        "0-9", description="Seeds of the searches whose best are trained."
    )
    k: int = Field(3, ge=1, le=1000, description="Architectures of each search that are trained.")
    random: int = Field(
        40,
        ge=2,
        le=10_000,
        description="Random architectures that are trained beside them, to compare with.",
    )
    seeds: Annotated[Any, _seeds("top_k.seeds")] = Field(
        "0-1", description="Training seeds of every architecture."
    )


class Costs(_Part):
    """What runs are judged by besides the metric: fronts of the metric against costs."""

    names: tuple[str, ...] = Field(
        (),
        description="Columns of which less is better, of the table DATASET-hardware or of the "
        "dataset's own, such as edgegpu_latency or training_time; a dataset is judged by those "
        "that it has. Empty: no such tables and figures.",
    )
    quantiles: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        (0.1, 0.5),
        min_length=1,
        description="Shares of architectures within a limit of cost: the limits below which the "
        "best is searched.",
    )

    @model_validator(mode="after")
    def _once(self) -> "Costs":
        for key in ("names", "quantiles"):
            values = getattr(self, key)
            if len(set(values)) < len(values):
                raise EdnagError(f"costs.{key}: one is repeated; name each once")
        return self


class RankingStudy(_Part):
    """How well NAR's ranker, and plainer predictors, rank cells of NAS-Bench-201 and 101."""

    sizes: Annotated[tuple[_Size, ...], _SIZES] = Field(
        (50, 100, 200, 500, 1000),
        description="Numbers of cells that the plain predictors are trained on.",
    )
    seeds: Annotated[Any, _seeds("ranker.seeds", may_be_empty=True)] = Field(
        "0-9",
        description="Seeds, each a draw of cells to train on and of cells held out. Empty: no such "
        "study.",
    )
    ranker_sizes: Annotated[tuple[_Size, ...], _SIZES] = Field(
        (200, 1000), description="Numbers of cells that the ranker, which is slow, is trained on."
    )
    model: Literal["small", "published"] = Field(
        "small",
        description="Size and training of the ranker. published: as NAR's (width 128, 6 layers, 55 "
        "epochs, 50 iterations of each search), some 25 minutes of processor and 2 GB a seed of "
        "1,256 cells; 256 of them choose the epoch.",
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32",
        description="Of the ranker's passes in training. bfloat16: its weights, and whatever it "
        "computes once trained, stay float32. Takes less time where the CPU multiplies bfloat16 "
        "(AMX), more elsewhere.",
    )
    ranker_seeds: Annotated[Any, _seeds("ranker.ranker_seeds")] = Field(
        "0-2", description="Seeds of the ranker."
    )
    held_out: int = Field(
        2000,
        ge=5,
        le=15_620,
        description="Cells that all predictors are judged by and none is trained on.",
    )
    datasets: tuple[str, ...] = Field(
        (),
        description="Datasets of nasbench201, of those searched, whose cells are ranked. Empty: "
        "all that are measured.",
    )
    if_present: bool = Field(
        False,
        description="Whether the 20,001 cells of NAS-Bench-101 whose validation accuracy is public "
        "are ranked as well, and NAR's records are checked, each where its file is already "
        "here; else it is listed as needing data.",
    )

    @model_validator(mode="after")
    def _enough_cells(self) -> "RankingStudy":
        if self.datasets:
            for name in self.datasets:
                reference_to("nasbench201", name)
        cells = get_space("nasbench201").size
        largest = max(*self.sizes, *self.ranker_sizes)
        if largest + self.held_out > cells:
            raise EdnagError(
                f"ranker: {largest} cells to train on and {self.held_out} held out are more than "
                f"the {cells} of NAS-Bench-201; lower one"
            )
        return self


class Study(_Part):
    """A study: which benchmarks, methods and seeds, at which budget.

    The upper bounds of numbers are what a machine with 24 GB of memory can run.
    """

    title: Annotated[str, AfterValidator(plain_title)] = Field(
        "",
        max_length=100,
        description="Title of the report, by default the name of the study's file: text that "
        "begins with a letter or digit, without $, \\, |, { and }.",
    )
    benchmarks: dict[str, tuple[str, ...]] = Field(
        _BENCHMARKS,
        description="Search space -> datasets whose benchmark table is searched.",
    )
    official_files: dict[str, dict[str, str]] = Field(
        {},
        description="Search space -> dataset -> the benchmark's own file to read its table from, "
        "instead of the small files; what both hold is compared.",
    )
    own_spaces: dict[str, str] = Field(
        {},
        description="Name -> module:class of a search space of your own code "
        "(docs/own-search-space.md).",
    )
    own_tables: dict[str, dict[str, str]] = Field(
        {},
        description="Search space -> dataset -> module:attribute of a benchmark table of your own "
        "code (docs/own-dataset.md).",
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
    methods: tuple[MethodInstance, ...] = Field(
        tuple(MethodInstance(id=name) for name in _METHODS),
        description="Methods that are compared, in the order of the tables: names, or mappings "
        "that say what differs. In a search space, those that can search it.",
    )
    seeds: Annotated[Any, _seeds("seeds")] = Field(
        "0-99", description="Seeds of every method: a range such as 0-99, or a list of such."
    )
    budget: int = Field(
        512,
        ge=1,
        le=1_000_000,
        description="Budget of every method that has no end of its own: how many of `count`.",
    )
    count: Count = Field(
        "distinct evaluations",
        description="What `budget` counts. With unique graphs, architectures that are one graph "
        "count once, and tables have budgets of graphs too. Only nasbench201 knows its graphs.",
    )
    arithmetic: Arithmetic = Field(
        "avx2",
        description="Instruction set of the reference machine whose last bits every EDNAG search "
        "reproduces, avx2 or avx512. A run is the same on every CPU, whichever is named.",
    )
    authors_seeds: Annotated[Any, _seeds("authors_seeds", may_be_empty=True)] = Field(
        (),
        description="Seeds, such as 0-999, among which those are placed that EDNAG's authors list; "
        "EDNAG runs both (protocol paper). Empty: neither.",
    )
    block: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Largest number of seeds one job runs; no result depends on it.",
    )
    predictor: Literal["fetch", "train"] = Field(
        "fetch",
        description="Where the meta-predictor of Aircraft, Pets and the like comes from: the "
        "published checkpoint, or trained here on the published database.",
    )
    mobilenetv3_scale: tuple[
        Annotated[float, Field(ge=0, le=100)], Annotated[float, Field(gt=0, le=100)]
    ] = Field(
        (75.0, 5.0),
        description="Mean and standard deviation, in %, of the accuracies that the meta-predictor "
        "of MobileNetV3 was trained on: nobody publishes them. They change no order.",
    )
    own_images: str = Field(
        "",
        description="A folder with one subfolder of images for each class: what "
        "nasbench201/own-images and own-images-small are searched for. Its path is read as those "
        "of `mirrors`.",
    )
    small_instance: SmallInstance = Field(
        default_factory=SmallInstance,
        description="How much is trained for the dataset digits-unseen.",
    )
    top_k: TopK = Field(
        default_factory=TopK,
        description="What is evaluated by training where accuracy was only predicted.",
    )
    ranker: RankingStudy = Field(
        default_factory=RankingStudy,
        description="How NAR's ranker is judged, on measured datasets of nasbench201.",
    )
    costs: Costs = Field(
        default_factory=Costs,
        description="Fronts of the metric against costs, on datasets that have a table of them.",
    )
    training: Training = Field(
        default_factory=Training,
        description="How the best by prediction are trained where their images are registered.",
    )
    mirrors: tuple[str, ...] = Field(
        (),
        description="Folders searched for source files by name before any download. `~` is the "
        "home folder; a relative path is relative to the folder in which snakemake is called.",
    )
    statistics: Statistics = Field(
        default_factory=Statistics, description="How runs are summarised."
    )

    @model_validator(mode="after")
    def _names(self) -> "Study":
        _declare_own(self)
        _check_benchmarks(self, self.benchmarks, "benchmarks")
        _check_benchmarks(self, self.if_present, "if_present")
        _check_official_files(self)
        _check_protocols(self)
        _check_methods(self)
        if self.count == GRAPHS:
            for space in (*self.benchmarks, *self.if_present):
                graphs_of(get_space(space))
        for name in self.benchmarks.get("nasbench201", ()):
            if name.startswith("own-images") and not self.own_images:
                raise EdnagError(
                    f"own_images: benchmarks.nasbench201 names {name}, so say which folder it is: "
                    "own_images: path/to/folder"
                )
        return self


def _check_names(names: Sequence[str], valid: Iterable[str] | None, place: str, kind: str) -> None:
    """Refuse an empty list, a repeated name and, unless `valid` is None, an unknown one."""
    allowed = None if valid is None else list(valid)
    if not names:
        raise EdnagError(f"{place}: empty; allowed: {', '.join(allowed or method_names())}")
    for position, name in enumerate(names):
        if allowed is not None and name not in allowed:
            raise EdnagError(
                f"{place}[{position}]: unknown {kind} {name!r}{suggestion(name, allowed)}"
            )
        if name in names[:position]:
            raise EdnagError(f"{place}[{position}]: {kind} {name!r} is repeated; name it once")


def _declare_own(study: "Study") -> None:
    """Let this process know the study's own spaces and tables; refuse what is none."""
    declare_benchmarks(study.own_spaces, study.own_tables)
    for space in study.own_spaces:
        with _at(f"own_spaces.{space}"):
            if space in SPACES:
                raise EdnagError("is another search space; give this one its own name")
            get_space(space)
    for space, datasets in study.own_tables.items():
        _check_names([space], _spaces(study), "own_tables", "search space")
        for dataset in datasets:
            with _at(f"own_tables.{space}.{dataset}"):
                if is_registered(space, dataset):
                    raise EdnagError("is another table; give this one its own name")
                get_definition(space, dataset)


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Name the place of the key in errors."""
    try:
        yield
    except EdnagError as error:
        raise EdnagError(f"{place}: {error}") from None


def _spaces(study: "Study") -> list[str]:
    """Search spaces that a study can name."""
    return list(dict.fromkeys([*SPACES, *study.own_spaces, *installed("spaces")]))


def _datasets(study: "Study", space: str) -> list[str]:
    """Datasets of a search space that a study can name: not further tables, without protocols."""
    own = {**installed_tables(space), **study.own_tables.get(space, {})}
    searched = [name for name in own if get_definition(space, name).protocols]
    return list(dict.fromkeys([*TABLES.get(space, ()), *searched]))


def _check_benchmarks(
    study: "Study", benchmarks: Mapping[str, tuple[str, ...]], place: str
) -> None:
    if benchmarks or place == "benchmarks":
        _check_names(tuple(benchmarks), _spaces(study), place, "search space")
    for space, datasets in benchmarks.items():
        for position, name in enumerate(datasets):
            with _at(f"{place}.{space}[{position}]"):
                refuse_further(space, name)
        _check_names(datasets, _datasets(study, space), f"{place}.{space}", "dataset")


def _check_methods(study: "Study") -> None:
    """Every method is known, every space has a method, and every method that is run has seeds."""
    _check_names([entry.id for entry in study.methods], None, "methods", "method")
    for position, entry in enumerate(study.methods):
        if entry.spaces is not None:
            place = f"methods[{position}].spaces"
            _check_names(entry.spaces, _spaces(study), place, "search space")
        if entry.datasets is not None:
            spaces = entry.spaces or _spaces(study)
            known = [name for space in spaces for name in _datasets(study, space)]
            _check_names(
                entry.datasets, dict.fromkeys(known), f"methods[{position}].datasets", "dataset"
            )
        try:
            entry.check()
        except EdnagError as error:
            raise EdnagError(f"methods[{position}]: {error}") from None
    titles: dict[str, str] = {}
    for entry in study.methods:
        other = titles.setdefault(entry.as_method.title, entry.id)
        if other != entry.id:
            raise EdnagError(
                f"methods: {other} and {entry.id} have one title, {entry.as_method.title!r}; give "
                "one of them another"
            )
    names = dict.fromkeys([*(entry.id for entry in study.methods), *method_names()])
    if study.top_k.methods:
        _check_names(study.top_k.methods, names, "top_k.methods", "method")
    for space in (*study.benchmarks, *study.if_present):
        if not methods_of(study, space):
            raise EdnagError(
                f"methods: none of {', '.join(entry.id for entry in study.methods)} can search "
                f"{space}; name one that can, such as random"
            )
        for name in methods_of(study, space):
            if not seeds_of(study, name):
                raise EdnagError(
                    f"methods: seeds of {name}: none of {format_seeds(_own_seeds(study, name))} is "
                    f"among the study's seeds {format_seeds(study.seeds)}; name some that are"
                )


def _check_official_files(study: "Study") -> None:
    given = study.official_files
    named = {space: tuple(files) for space, files in given.items()}
    _check_benchmarks(study, named, "official_files")
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
    valid = dict.fromkeys(p for place in named for p in definition_of(study, *place).protocols)
    _check_names(study.protocols, valid, "protocols", "protocol")
    for space, name in named:
        if not protocols_of(study, space, name):
            raise EdnagError(
                f"protocols: {space}/{name} has none of {', '.join(study.protocols)}; it has "
                f"{', '.join(definition_of(study, space, name).protocols)}"
            )


def definition_of(study: "Study", space: str, dataset: str) -> Definition:
    """What a study's benchmark is read from: the small files, or the official one it names."""
    if official := study.official_files.get(space, {}).get(dataset):
        return official_definitions(space, dataset)[official]
    definition = get_definition(space, dataset)
    return (definition.trained if study.predictor == "train" else None) or definition


def entry_of(study: "Study", method: str) -> MethodInstance:
    """The entry of a method in `methods`; where the study has none, the method as it is."""
    entries = (entry for entry in study.methods if entry.id == method)
    return next(entries, None) or MethodInstance(id=method)


def method_of(study: "Study", method: str) -> Method:
    """The method with this id, as the study defines it."""
    return entry_of(study, method).as_method


def study_instances(study: "Study", methods: Iterable[str], titles: bool = True) -> str:
    """What `ednag --methods` needs of a study's methods, as JSON or ""; no hyper-parameters.

    `titles`: whether the job compares methods, by their titles and what they were tuned on.
    """
    definitions = {}
    for name in methods:
        method = method_of(study, name)
        registered = METHODS.get(name) and shared_method(name)
        if not registered or (titles and _shown(method) != _shown(registered)):
            definitions[name] = {"of": method.of or name, **(_shown(method) if titles else {})}
    return json.dumps(definitions, sort_keys=True) if definitions else ""


def _shown(method: Method) -> dict[str, object]:
    """What tables and figures need of a method that is not registered."""
    return {"title": method.title, **({"tuned_on": method.tuned_on} if method.tuned_on else {})}


def methods_of(study: "Study", space: str) -> tuple[str, ...]:
    """Ids of the methods that a study runs in a search space, in the study's order."""
    return tuple(entry.id for entry in study.methods if entry.is_run_in(space))


def methods_on(study: "Study", space: str, dataset: str) -> tuple[str, ...]:
    """Those of `methods_of` that a study runs on a dataset: on predicted values, not all."""
    return tuple(entry.id for entry in study.methods if entry.is_run_on(space, dataset))


def trained_methods(study: "Study", searching: Sequence[str]) -> tuple[str, ...]:
    """Those of the methods `searching` a dataset whose best are trained: see `TopK.methods`."""
    if named := study.top_k.methods:
        return tuple(name for name in named if name in searching)
    return tuple(name for name in _TRAINED if name in searching) or tuple(searching[:1])


def seeds_of(study: "Study", method: str) -> tuple[int, ...]:
    """Those of the study's seeds that it runs of a method."""
    own = set(_own_seeds(study, method))
    return tuple(seed for seed in study.seeds if seed in own)


def _own_seeds(study: "Study", method: str) -> tuple[int, ...]:
    """The seeds of an entry of `methods`, whether the study has them or not."""
    entry, default = entry_of(study, method), method_of(study, method).seeds
    return tuple(entry.seeds or (parse_seeds(default) if default else study.seeds))


def protocols_of(study: "Study", space: str, dataset: str) -> tuple[str, ...]:
    """Those of a study's protocols that a benchmark has, in the study's order."""
    of_benchmark = definition_of(study, space, dataset).protocols
    return tuple(protocol for protocol in study.protocols if protocol in of_benchmark)


def hyperparameters_of(study: "Study", method: str) -> dict[str, Any]:
    """The hyper-parameters of a method as `ednag run --hyperparameters` needs them."""
    return entry_of(study, method).settings(study.arithmetic)


def read_study(raw: Mapping[str, Any], file: Path | None = None) -> Study:
    """A validated study from a mapping, with its title; raises EdnagError with one line.

    `file`: The study's file, whose name is the title of a study without one.
    """
    if not isinstance(raw, Mapping):
        raise EdnagError(f"configuration: a mapping of keys is expected, not {raw!r}")
    refuse_old_keys(raw)
    if isinstance(raw.get("methods"), list):
        raw = {**raw, "methods": [named(entry) for entry in raw["methods"]]}
    study = read_model(Study, raw)
    title = study.title or re.sub(r"^[\W_]+|[\x00-\x1f$\\|{}]", "", file.stem if file else "")
    return study.model_copy(update={"title": title[:100] or "A study"})


def load_study(path: Path) -> Study:
    """A validated study from a YAML file; raises EdnagError with one line."""
    raw = _read_keys(path)
    search_in(path.parent)
    try:
        return read_study(raw, path)
    except EdnagError as error:
        raise EdnagError(f"{path}: {error}") from None


def _read_keys(path: Path) -> Any:
    """The content of a study's file; raises EdnagError if it is empty."""
    raw = read_yaml(path)
    if raw is None or raw == {}:
        raise EdnagError(f"{path}: is empty; write a key, such as seeds: 0-99")
    return raw


def check_study_files(paths: Iterable[Path]) -> None:
    """Refuse a study and its overlays, in this order, that Snakemake would not read as written.

    Snakemake keeps the last of two equal keys. It merges mappings, so that `{}` in a later file
    removes no entry of an earlier one. The EdnagError names the file.
    """
    merged: dict[str, Any] = {}
    for path in paths:
        raw = _read_keys(path)
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
    """The configuration's JSON schema, as in config/schema.json."""
    described = Study.model_json_schema()
    described["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    methods = described["properties"]["methods"]
    names = {"type": "string", "enum": list(method_names())}
    methods |= {"default": list(_METHODS), "items": {"anyOf": [names, methods["items"]]}}
    instance = described["$defs"]["MethodInstance"]
    instance["properties"] = {"id": {}} | instance["properties"]  # the first key
    instance["allOf"] = list(_hyperparameter_schemas())
    seeds = {"type": ["string", "integer", "array"], "minimum": 0, "maximum": LARGEST_SEED}
    for model, name in [(described, "seeds"), (described, "authors_seeds"), (instance, "seeds")]:
        model["properties"][name] |= seeds
    described["properties"]["benchmarks"]["propertyNames"] = {
        "anyOf": [{"enum": list(SPACES)}, {"pattern": "^[a-z0-9][a-z0-9-]*$"}]
    }
    return json.dumps(described, indent=2) + "\n"


def _hyperparameter_schemas() -> Iterator[dict[str, Any]]:
    """For each registered method, the schema of `hyperparameters` of the entries that run it."""
    for registered in METHODS:
        run_it = [name for name in method_names() if registered in (name, shared_method(name).of)]
        names = {"enum": run_it}
        by_id = {"properties": {"id": names}, "not": {"required": ["of"]}}
        by_of = {"properties": {"of": names}, "required": ["of"]}
        model = shared_method(registered).hyperparameters.model_json_schema()
        yield {"if": {"anyOf": [by_id, by_of]}, "then": {"properties": {"hyperparameters": model}}}
