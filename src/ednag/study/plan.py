"""The plan of a study: what it consists of here, before anything runs.

`Plan` is made of a study and of what this machine has: source files, and run files of earlier
calls. It answers which benchmarks are searched, which methods and seeds run on each, in which
blocks, which artefacts exist for which values of their wildcards, and what jobs ask of a cluster.
The rules, the audit, the report and `ednag doctor` ask it; no rule decides anything itself.

Functions that take `at` read wildcards from its attributes, as Snakemake passes them.
"""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ednag.code import code_digest
from ednag.errors import EdnagError, listed
from ednag.files import user_path
from ednag.methods import METHODS
from ednag.methods.descriptions import RUN_FORMAT, description_in, differences
from ednag.search.objective import DISTINCT
from ednag.sources.inventory import Holding, take_stock
from ednag.sources.obtain import Surroundings
from ednag.sources.registry import Source, find_source, own_file_changed
from ednag.spaces import SPACES, get_space
from ednag.stages import RECORDS, RUNS, SUMMARIES, TABLES
from ednag.study import trained
from ednag.study.artefacts import (
    ARTEFACTS,
    Artefact,
    Kind,
    artefact_named,
    artefacts_of,
    record_path,
)
from ednag.study.benchmarks import (
    Further,
    Missing,
    compared_sources,
    costs_on,
    further_tables,
    split_benchmarks,
)
from ednag.study.comparisons import FEWEST_DATASETS, can_rank, variants_in
from ednag.study.configuration import (
    Study,
    definition_of,
    hyperparameters_of,
    method_of,
    methods_of,
    methods_on,
    protocols_of,
    seeds_of,
    study_instances,
    trained_methods,
)
from ednag.study.digests import registered
from ednag.study.published import (
    PUBLISHED_TABLES,
    are_claimed,
    benchmarks_printed,
    plan_with_authors,
    read_listed_seeds,
)
from ednag.study.ranking import (
    EXAMPLE_RECORDS,
    LISTED_CELLS,
    LISTED_SOURCE,
    ranking_lacks,
    ranking_sources,
    records_of,
    searched_by_rankers,
)
from ednag.study.refusals import check_folders, refuse_contradictions, refuse_too_large
from ednag.study.seeds import Block, blocks_in, check_run_files, format_seeds, plan_blocks
from ednag.study.sources_read import generated_files, optional_sources, sources_read
from ednag.tables import OFFICIAL, counted_datasets, get_definition, is_predicted
from ednag.tables import TABLES as TABLE_DEFINITIONS
from ednag.tables.interface import COSTS, Definition
from ednag.tables.memory import megabytes_to_read

#: (space, dataset).
Benchmark = tuple[str, str]
#: Values of the wildcards of an artefact.
Wildcards = dict[str, Any]
#: The protocol of the papers' tables.
PAPER = "paper"
#: Seconds of one search where tables are not small: 9,900 networks predicted, on one busy core.
_SEARCH_SECONDS = {"mobilenetv3": 60}
#: Megabytes of memory and minutes of any job (profiles).
_MEGABYTES, _MINUTES = 1500, 30


@dataclass(frozen=True)
class Plan:
    """What a study consists of here.

    Attributes:
        study: The configuration.
        is_here: Whether a source file, by its id, can be had without any download.
        file_of: Source id -> name of its file.
        published: The folder of printed numbers.
        folder: The folder of the study; run files in it are kept as they are.
    """

    study: Study
    is_here: Callable[[str], bool]
    file_of: Callable[[str], str]
    published: Path
    folder: Path = Path()

    def check(self) -> None:
        """Refuse a study that cannot be planned.

        Raises:
            EdnagError: A file of `published` is broken, the study is too large, its keys
                contradict each other, or no method of the study can run where one must.
        """
        refuse_too_large(self.study, self.searched)
        _ = self._authors_blocks
        for (space, dataset), blocks in self._blocks.items():
            if not blocks:
                reasons = self._hindrances(space, dataset)
                told = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
                raise EdnagError(
                    f"methods: none of the study runs on {space}/{dataset}"
                    f"{f' ({told})' if told else ''}; add one that does, such as random"
                )
        refuse_contradictions(self.study, self.searched)

    def _hindrances(self, space: str, dataset: str) -> dict[str, str]:
        """Method that does not run on a dataset of a space that it can search -> why."""
        absent = {
            each.method: f"needs {listed(each.absent)}"
            for each in self.further
            if (each.space, each.dataset) == (space, dataset) and each.absent
        }
        entries = [entry for entry in self.study.methods if entry.is_run_in(space)]
        reasons = {e.id: e.hindrance(space, dataset) or absent.get(e.id, "") for e in entries}
        return {name: reason for name, reason in reasons.items() if reason}

    @property
    def idle(self) -> dict[str, str]:
        """Method of the study that runs on none of its benchmarks here -> why."""
        reasons: dict[str, dict[str, list[str]]] = {
            entry.id: {} for entry in self.study.methods if entry.id not in self.methods_run
        }
        for space, dataset in self.searched:
            for name, reason in self._hindrances(space, dataset).items():
                if name in reasons:
                    reasons[name].setdefault(reason, []).append(f"{space}/{dataset}")
        # Without any reason, its spaces are those of `if_present` whose files are not here.
        return {
            name: "; ".join(f"{listed(places)}: {reason}" for reason, places in found.items())
            or "files of its benchmarks are not here"
            for name, found in reasons.items()
        }

    @cached_property
    def left_out(self) -> dict[str, tuple[str, ...]]:
        """What is left out because its data is not here -> ids of the files that are not here."""
        benchmarks = {f"{each.space}/{each.dataset}": each.sources for each in self.lacking}
        ranked = ranking_lacks(self.study, self.is_here)
        methods = {
            f"{each.method or 'costs'} on {each.space}/{each.dataset}": each.absent
            for each in self.further
            if each.absent
        }
        return benchmarks | methods | {f"ranking of {source}": (source,) for source in ranked}

    # --- benchmarks, methods, seeds ---------------------------------------------------------------

    @cached_property
    def _split(self) -> tuple[list[Benchmark], list[Missing]]:
        return split_benchmarks(self.study, self.is_here)

    @property
    def searched(self) -> list[Benchmark]:
        """Benchmarks that are searched, in the study's order."""
        return self._split[0]

    @property
    def lacking(self) -> list[Missing]:
        """Benchmarks of `if_present` that are not searched, because their data is not here."""
        return self._split[1]

    @property
    def searched_spaces(self) -> list[str]:
        """Search spaces of `searched`."""
        return list(dict.fromkeys(space for space, _ in self.searched))

    @cached_property
    def compared(self) -> dict[str, list[str]]:
        """Search space -> source files that describe the same benchmark table."""
        return compared_sources(self.study, self.searched, self.is_here)

    @cached_property
    def further(self) -> list[Further]:
        """The further tables that the study reads, those whose files are not here too."""
        return further_tables(self.study, self.searched, self.is_here)

    def further_files(self, at: Any) -> list[str]:
        """The further table, if any, that {method} reads at {space}/{dataset}."""
        return self._further_files(at.space, at.dataset, at.method)

    def cost_files(self, at: Any) -> list[str]:
        """The table of the costs that runs at {space}/{dataset} are judged by."""
        return self._further_files(at.space, at.dataset, "")

    def costs(self, at: Any) -> list[str]:
        """The costs that runs at {space}/{dataset} are judged by."""
        return list(costs_on(self.study, at.space, at.dataset))

    def judged_tables(self, at: Any) -> list[Benchmark]:
        """The benchmark at {space}/{dataset}, and the further table with its costs."""
        names = self._further_names(at.space, at.dataset, "")
        return [(at.space, name) for name in (at.dataset, *names)]

    def _further_files(self, *place: str) -> list[str]:
        names = self._further_names(*place)
        return [artefact_named("table").path(space=place[0], dataset=name) for name in names]

    def _further_names(self, *place: str) -> list[str]:
        """Names of the further tables that (space, dataset, method) reads."""
        return [f.name for f in self.further if (f.space, f.dataset, f.method) == place]

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Ids of the source files that any job reads."""
        return sources_read(self.study, self.searched, self.is_here)

    @cached_property
    def listed_seeds(self) -> dict[Benchmark, dict[int, float]]:
        """Benchmark -> seed that EDNAG's authors list -> value in their comment."""
        return read_listed_seeds(self.published / "reference-seeds.csv")

    def definition(self, at: Any) -> Definition:
        """What the benchmark at {space}/{dataset} is read from."""
        return definition_of(self.study, at.space, at.dataset)

    def methods(self, at: Any) -> tuple[str, ...]:
        """Methods that run at {space}/{dataset}, or at any dataset of {space}."""
        dataset = getattr(at, "dataset", None)
        if dataset is None:
            return methods_of(self.study, at.space)
        return self.methods_on(at.space, dataset)

    def methods_on(self, space: str, dataset: str) -> tuple[str, ...]:
        """Those of the study that run on a benchmark, as far as what they read is here."""
        absent = {(each.space, each.dataset, each.method) for each in self.further if each.absent}
        names = methods_on(self.study, space, dataset)
        return tuple(name for name in names if (space, dataset, name) not in absent)

    @cached_property
    def methods_run(self) -> list[str]:
        """Methods that run on any benchmark."""
        named = [name for place in self.searched for name in self.methods_on(*place)]
        return list(dict.fromkeys(named))

    def fewer_seeds(self, at: Any = None) -> dict[str, str]:
        """Method that runs fewer seeds than the study has -> its seeds; at {space}/{dataset}, or
        anywhere."""
        methods = self.methods_run if at is None else self.methods(at)
        seeds = {method: seeds_of(self.study, method) for method in methods}
        return {name: format_seeds(own) for name, own in seeds.items() if own != self.study.seeds}

    def budget_option(self, at: Any) -> str:
        """The budget, for methods that read it: a new budget reruns no others."""
        if method_of(self.study, at.method).has_own_end:
            return ""
        return f"--budget {self.study.budget} {self.count_option}".rstrip()

    @property
    def count_option(self) -> str:
        """What a budget counts, unless it is distinct evaluations."""
        count = self.study.count
        return "" if count == DISTINCT else f"--count {shlex.quote(count)}"

    def table_parameters(self, at: Any) -> dict[str, Any]:
        """What else the table at {space}/{dataset} is built with: options of `tables build`."""
        official = self.study.official_files.get(at.space, {}).get(at.dataset)
        scaled = at.space == "mobilenetv3" and not official
        return {
            "official": official,
            "scale": list(self.study.mobilenetv3_scale) if scaled else None,
            "trained": self.study.predictor == "train" and not (official or scaled),
        }

    def table_options(self, at: Any) -> str:
        """The same as text."""
        parameters = self.table_parameters(at)
        if parameters["official"]:
            return f"--from {parameters['official']}"
        if parameters["scale"]:
            return "--scale {} {}".format(*parameters["scale"])
        return "--trained" if parameters["trained"] else ""

    @property
    def changed_methods(self) -> list[str]:
        """Registered methods that the study runs with other hyper-parameters than their own."""
        entries = [entry for entry in self.study.methods if entry.id in METHODS]
        return [entry.id for entry in entries if entry.hyperparameters]

    def definitions(self, methods: Iterable[str], titles: bool = True) -> list[str]:
        """Methods that are not registered, as options of `ednag`; see `study_instances`."""
        text = study_instances(self.study, methods, titles)
        return [f"--methods={text}"] if text else []

    def hyperparameters(self, at: Any) -> dict[str, Any]:
        """Hyper-parameters of {method} that differ from its defaults."""
        return hyperparameters_of(self.study, at.method)

    # --- run files --------------------------------------------------------------------------------

    def _present(self, name: str, **wildcards: str) -> list[Block]:
        """Blocks of an artefact whose files are there."""
        return blocks_in((self.folder / artefact_named(name).path(**wildcards)).parent)

    def _present_runs(self, *place: str) -> list[Block]:
        """Blocks of runs of one space, dataset, protocol and method that are there and fit."""
        names = ("space", "dataset", "protocol", "method")
        blocks = self._present("run", **dict(zip(names, place, strict=True)))
        wildcards = _as_wildcards(place, blocks)
        return [b for b, run in zip(blocks, wildcards, strict=True) if not self._fault("run", run)]

    # --- whether files that are there belong to this study ----------------------------------------

    def settings(self, at: Any, methods: Iterable[str] | None = None) -> dict[str, Any]:
        """What run files at {space}/{dataset}, or at any dataset of {space}, must be of.

        Returns:
            Dataset -> protocol -> method -> what the file says of the method; see
            `Method.described`.
        """
        dataset = getattr(at, "dataset", None)
        datasets = [dataset] if dataset else [name for _, name in self.datasets_of(at.space)]
        return {
            name: {
                protocol: {
                    method: self._described(at.space, name, protocol, method)
                    for method in self.methods_on(at.space, name)
                    if methods is None or method in methods
                }
                for protocol in protocols_of(self.study, at.space, name)
            }
            for name in datasets
        }

    def _described(self, space: str, dataset: str, protocol: str, method: str) -> dict[str, Any]:
        definition = definition_of(self.study, space, dataset).protocols[protocol]
        own, given = method_of(self.study, method), hyperparameters_of(self.study, method)
        settings = own.read_hyperparameters(given, get_space(space), definition)
        return own.described(self.study.budget, settings, self.study.count)

    def _run_fault(self, run: Wildcards) -> str:
        """Why a run file that is there is not of this study; "" if it is."""
        place = {name: run[name] for name in ("space", "dataset", "protocol", "method")}
        table = self.folder / artefact_named("table").path(**place)
        expected = {"format": RUN_FORMAT, **place, **self._described(**place)}
        if digest := self._description(table).get("digest"):
            expected["table"] = digest
        for file in self.further_files(SimpleNamespace(**run)):
            further = self._description(self.folder / file)
            if further.get("digest"):
                known = {"table": further["digest"], "sources": further.get("sources")}
                expected["further"] = known
        described = self._description(self.folder / artefact_named("run").path(**run))
        return next(differences(described, expected), "")

    def _table_fault(self, table: Wildcards) -> str:
        """The same of a benchmark table."""
        definition = definition_of(self.study, **table)
        described = self._description(self.folder / artefact_named("table").path(**table))
        sources = described.get("sources")
        known = {**described, "sources": sorted(sources) if isinstance(sources, dict) else None}
        expected = {**table, "sources": sorted([*definition.sources, *definition.generated])}
        return next(differences(known, expected), "")

    @cached_property
    def _known_descriptions(self) -> dict[Path, dict[str, Any]]:
        return {}

    def _description(self, path: Path) -> dict[str, Any]:
        if path not in self._known_descriptions:
            self._known_descriptions[path] = description_in(path)
        return self._known_descriptions[path]

    @cached_property
    def _known_faults(self) -> dict[str, str]:
        return {}

    def _fault(self, name: str, place: Wildcards) -> str:
        """Why a table or run file that is there is not of this study; "" if it is."""
        path = artefact_named(name).path(**place)
        if path not in self._known_faults:
            check = self._table_fault if name == "table" else self._run_fault
            self._known_faults[path] = check(place)
        return self._known_faults[path]

    def unfit(self) -> dict[str, str]:
        """Planned tables and run files that are there but of another study -> why.

        What a file says of itself decides, so that it does not matter whether Snakemake has notes
        on it: results may have been copied, or written by a job of a workflow that was killed.
        """
        return {
            path: fault
            for name in ("table", "run")
            for place in self.places(artefact_named(name))
            if (self.folder / (path := artefact_named(name).path(**place))).is_file()
            and (fault := self._fault(name, place))
        }

    def _few_enough(self, blocks: list[Wildcards], place: str) -> list[Wildcards]:
        check_run_files(len(blocks), self.study.block, place)
        return blocks

    @cached_property
    def _blocks(self) -> dict[Benchmark, list[Wildcards]]:
        """Benchmark -> wildcards of the run files that hold the study's seeds.

        Those present come first, and new blocks for the seeds that they lack. Planned once, so
        that jobs which ask for them while others write agree.
        """
        planned = {}
        for space, dataset in self.searched:
            blocks: list[Wildcards] = []
            for protocol in protocols_of(self.study, space, dataset):
                for method in self.methods_on(space, dataset):
                    blocks += self._blocks_of(space, dataset, protocol, method)
            planned[space, dataset] = self._few_enough(blocks, f"{space}/{dataset}")
        return planned

    def _blocks_of(self, *place: str) -> list[Wildcards]:
        """Blocks of the study's seeds of one space, dataset, protocol and method."""
        seeds = seeds_of(self.study, place[-1])
        blocks = plan_blocks(seeds, self._present_runs(*place), self.study.block)
        return _as_wildcards(place, blocks)

    @cached_property
    def _authors_blocks(self) -> dict[str, list[Wildcards]]:
        """Space -> wildcards of EDNAG's run files that hold the study's and the authors' seeds."""
        planned: dict[str, list[Wildcards]] = {}
        for space, dataset in self._paper if self.study.authors_seeds else ():
            listed = self.listed_seeds.get((space, dataset))
            if listed:
                place = (space, dataset, PAPER, "ednag")
                present = self._present_runs(*place)
                others = {*listed, *self.study.authors_seeds}
                blocks = plan_with_authors(self.study.seeds, others, present, self.study.block)
                planned.setdefault(space, []).extend(_as_wildcards(place, blocks))
        for space, files in planned.items():
            self._few_enough(files, f"{space} with the seeds that the authors list")
        return planned

    @cached_property
    def _paper(self) -> list[Benchmark]:
        """Benchmarks that are searched under the papers' protocol."""
        return [place for place in self.searched if PAPER in protocols_of(self.study, *place)]

    def _runs(self, at: Any, methods: Iterable[str] | None = None) -> list[str]:
        """Run files at {space}/{dataset}; of some methods only those under protocol paper."""
        run = artefact_named("run")
        blocks = self._blocks[at.space, at.dataset]
        if methods is not None:
            blocks = [b for b in blocks if b["protocol"] == PAPER and b["method"] in methods]
        return [run.path(**block) for block in blocks]

    def runs(self, at: Any) -> list[str]:
        """Run files of the study's seeds at {space}/{dataset}."""
        return self._runs(at)

    def protocol_runs(self, at: Any) -> list[str]:
        """Those of them under {protocol}."""
        blocks = self._blocks[at.space, at.dataset]
        own = [block for block in blocks if block["protocol"] == at.protocol]
        return [artefact_named("run").path(**block) for block in own]

    def top_k_runs(self, at: Any) -> list[str]:
        """Run files of the searches at {space}/{dataset} whose best are trained."""
        return self._runs(at, self.top_k_methods(at))

    def top_k_methods(self, at: Any) -> tuple[str, ...]:
        """Methods whose best at {space}/{dataset} are trained."""
        return trained_methods(self.study, self.methods(at))

    def authors_runs(self, at: Any) -> list[str]:
        """Run files of EDNAG in {space} with the authors' seeds."""
        return [artefact_named("run").path(**block) for block in self._authors_blocks[at.space]]

    # --- which artefacts the study has: values of `Artefact.where` --------------------------------

    @property
    def once(self) -> list[Wildcards]:
        """One, without wildcards."""
        return [{}]

    @property
    def fetched(self) -> list[Wildcards]:
        """Source files that a job reads."""
        return [{"source": source, "file": self.file_of(source)} for source in self.sources]

    @property
    def benchmarks(self) -> list[Wildcards]:
        """Benchmarks that are searched."""
        return _benchmarks(self.searched)

    @property
    def tables(self) -> list[Wildcards]:
        """Those, and the further tables that are read."""
        read = [(each.space, each.name) for each in self.further if not each.absent]
        return _unique(_benchmarks([*self.searched, *read]))

    @property
    def spaces(self) -> list[Wildcards]:
        """Search spaces of these."""
        return [{"space": space} for space in self.searched_spaces]

    @property
    def compared_spaces(self) -> list[Wildcards]:
        """Search spaces whose source files are compared."""
        return [{"space": space} for space in self.compared]

    @property
    def run_blocks(self) -> list[Wildcards]:
        """Blocks of runs: those of the study's seeds, then those of the authors' seeds."""
        planned = [*self._blocks.values(), *self._authors_blocks.values()]
        return _unique(block for blocks in planned for block in blocks)

    @property
    def authors_spaces(self) -> list[Wildcards]:
        """Search spaces for whose datasets EDNAG's authors list seeds."""
        return [{"space": space} for space in self._authors_blocks]

    @cached_property
    def claimed(self) -> list[Wildcards]:
        """One, where the papers claim something about what the study runs."""
        measured = {
            place: methods_on(self.study, *place)
            for place in self._paper
            if not is_predicted(*place)
        }
        is_one = bool(self.ranked) or are_claimed(measured, self.published)
        return [{}] if is_one else []

    @property
    def published_tables(self) -> list[Wildcards]:
        """Printed tables, where the study is `claimed`."""
        return [{"table": table} for table in PUBLISHED_TABLES if self.claimed]

    @property
    def drawn(self) -> list[Wildcards]:
        """Benchmarks under each of their protocols."""
        return [
            {"space": space, "dataset": dataset, "protocol": protocol}
            for space, dataset in self.searched
            for protocol in protocols_of(self.study, space, dataset)
        ]

    @property
    def costed(self) -> list[Wildcards]:
        """Those of `drawn` whose runs are judged by costs as well."""
        return [at for at in self.drawn if self._is_costed(at["space"], at["dataset"])]

    def _is_costed(self, *place: str) -> bool:
        absent = {
            (each.space, each.dataset) for each in self.further if each.absent and not each.method
        }
        return bool(costs_on(self.study, *place)) and place not in absent

    @property
    def illustrated(self) -> list[Wildcards]:
        """One, where EDNAG runs."""
        return [{}] if "ednag" in self.methods_run else []

    def drawn_variants(self, figure: str) -> list[Wildcards]:
        """Those of `drawn` whose methods the figure compares; none is drawn empty."""
        return [
            place
            for place in self.drawn
            if variants_in(figure, self.methods_on(place["space"], place["dataset"]))
        ]

    def _ranked_datasets(self, protocol: str) -> list[Benchmark]:
        """Benchmarks that a comparison over datasets counts under a protocol."""
        return counted_datasets(
            place for place in self.searched if protocol in protocols_of(self.study, *place)
        )

    def methods_on_all(self, places: Sequence[Benchmark]) -> tuple[str, ...]:
        """Methods that run on each of some benchmarks and look for the best metric alone."""
        names = (each.id for each in self.study.methods if each.as_method.further != COSTS)
        return tuple(name for name in names if all(name in self.methods_on(*p) for p in places))

    @property
    def ranked_protocols(self) -> list[Wildcards]:
        """Protocols with enough datasets for a critical difference."""
        ranked = {name: self._ranked_datasets(name) for name in self.study.protocols}
        return [
            {"protocol": protocol}
            for protocol, places in ranked.items()
            if len(places) >= FEWEST_DATASETS and can_rank(self.methods_on_all(places))
        ]

    # What is trained here.

    @cached_property
    def generated_files(self) -> tuple[str, ...]:
        """Files below `results` that a stage makes and a benchmark table is built from."""
        return generated_files(self.study, self.searched)

    def _if_generated(self, name: str) -> list[Wildcards]:
        path = artefact_named(name).path().removeprefix("results/")
        return [{}] if path in self.generated_files else []

    @property
    def small(self) -> list[Wildcards]:
        """One, where the study searches the small instance."""
        return [{}] if trained.SMALL_PLACE in self.searched else []

    @property
    def small_features(self) -> list[Wildcards]:
        """One, where a table or the small instance needs the features of the digits."""
        return self.small_predictor or self._if_generated("small_features")

    @property
    def own_features(self) -> list[Wildcards]:
        """One, where the study searches for the user's own images."""
        return self._if_generated("own_features")

    @property
    def own_small_features(self) -> list[Wildcards]:
        """One, where it does so by the small predictor."""
        return self._if_generated("own_small_features")

    @property
    def small_predictor(self) -> list[Wildcards]:
        """One, where the small predictor is trained."""
        return self.small or self._if_generated("small_predictor")

    @property
    def published_predictor(self) -> list[Wildcards]:
        """One, where the predictor is trained on the published database."""
        return self._if_generated("published_predictor")

    @property
    def database_blocks(self) -> list[Wildcards]:
        """Parts and blocks of the small database: those present, and new ones."""
        return [block for part in trained.small_parts(self.study) for block in self._database(part)]

    def _database(self, part: str) -> list[Wildcards]:
        # Only judging reads the part `reference`.
        if not self.small_predictor or (part == "reference" and not self.small):
            return []
        seeds, _ = trained.small_parts(self.study)[part]
        present = self._present("database", part=part)
        blocks = plan_blocks(seeds, present, self.study.small_instance.block)
        return [{"part": part, "first": block.first, "last": block.last} for block in blocks]

    def database(self, part: str) -> list[str]:
        """Files of a part of the small database, one of `trained.small_parts`."""
        return [artefact_named("database").path(**block) for block in self._database(part)]

    @property
    def trained_benchmarks(self) -> list[Wildcards]:
        """Benchmarks whose best by prediction are trained."""
        return _benchmarks(trained.trained_places(self.searched))

    @property
    def gathered_benchmarks(self) -> list[Wildcards]:
        """Those of them that are trained on registered images, a job for each network."""
        places = trained.trained_places(self.searched)
        return _benchmarks(place for place in places if place != trained.SMALL_PLACE)

    @property
    def small_seeds(self) -> list[Wildcards]:
        """Training seeds of the small instance."""
        return [{"first": seed} for seed in self.study.top_k.seeds] if self.small else []

    @property
    def networks(self) -> list[Wildcards]:
        """Architectures and training seeds on registered images."""
        return [
            {**place, "slot": slot, "first": seed}
            for place in self.gathered_benchmarks
            for slot in range(trained.trained_slots(self.study))
            for seed in self.study.top_k.seeds
        ]

    def trained_files(self, at: Any) -> list[str]:
        """Files of the networks trained at {space}/{dataset}."""
        if (at.space, at.dataset) == trained.SMALL_PLACE:
            return [artefact_named("trained_small").path(**seed) for seed in self.small_seeds]
        return [artefact_named("trained_networks").path(space=at.space, dataset=at.dataset)]

    # What is ranked.

    @cached_property
    def _ranking_sources(self) -> list[str]:
        return ranking_sources(self.study, self.is_here)

    @cached_property
    def _ranker_searched(self) -> list[Benchmark]:
        return searched_by_rankers(self.study, self.searched)

    @property
    def enumerated(self) -> list[Wildcards]:
        """One, where the file with validation accuracies of NAS-Bench-101 is here."""
        return [{}] if LISTED_SOURCE in self._ranking_sources else []

    @property
    def ranker_searched(self) -> list[Wildcards]:
        """Benchmarks where NAR's ranker is judged and searches."""
        return _benchmarks(self._ranker_searched)

    @property
    def ranked(self) -> list[Wildcards]:
        """Those, and the cells of NAS-Bench-101, which have no test accuracy to search for."""
        listed = [LISTED_CELLS] if self.enumerated else []
        return _benchmarks([*self._ranker_searched, *listed])

    @property
    def baselines(self) -> list[Wildcards]:
        """Ranked benchmarks and seeds of the plain predictors."""
        return _with_seeds(self.ranked, self.study.ranker.seeds)

    @property
    def rankers(self) -> list[Wildcards]:
        """Ranked benchmarks and seeds of the ranker."""
        return _with_seeds(self.ranked, self.study.ranker.ranker_seeds)

    @property
    def searchers(self) -> list[Wildcards]:
        """Those of `rankers` that search."""
        return _with_seeds(self.ranker_searched, self.study.ranker.ranker_seeds)

    @property
    def nar_record_spaces(self) -> list[Wildcards]:
        """Spaces of which records of NAR are here."""
        return [{"space": space} for space in EXAMPLE_RECORDS if self._nar_records(space)]

    def _nar_records(self, space: str) -> str | None:
        return records_of(space, self._ranking_sources)

    def nar_records(self, at: Any) -> str:
        """The file with NAR's records of {space}: all of them where they are here."""
        return self.source_path(self._nar_records(at.space) or EXAMPLE_RECORDS[at.space])

    def ranked_cells(self, at: Any) -> str:
        """The file with the cells of {space}/{dataset} and their accuracies."""
        name = "cells" if (at.space, at.dataset) == LISTED_CELLS else "table"
        return artefact_named(name).path(space=at.space, dataset=at.dataset)

    def ranked_cells_option(self, at: Any, input: Any) -> str:
        """The input file `cells` as an option of `ednag ranker`."""
        listed = (at.space, at.dataset) == LISTED_CELLS
        return f"{'--cells' if listed else '--table'}={input.cells}"

    def ranking_title(self, at: Any) -> str:
        """What the ranked cells at {space}/{dataset} are."""
        if (at.space, at.dataset) == LISTED_CELLS:
            return "NAS-Bench-101, CIFAR-10, 20,001 cells"
        return get_definition(at.space, at.dataset).title

    @cached_property
    def _known_places(self) -> dict[str, list[Wildcards]]:
        return {}

    # --- files ------------------------------------------------------------------------------------

    def places(self, artefact: Artefact) -> list[Wildcards]:
        """Values of the wildcards for which the study has an artefact."""
        if artefact.name not in self._known_places:
            places: Any = getattr(self, artefact.where)
            self._known_places[artefact.name] = (
                places(artefact.name) if callable(places) else places
            )
        return self._known_places[artefact.name]

    def files(self, name: str, at: Any = None, suffix: str | None = None) -> list[str]:
        """Paths of an artefact, in the study's order.

        Args:
            name: Of the artefact.
            at: Where given, only those whose wildcards are equal to its attributes.
            suffix: Format, by default the first.
        """
        artefact = artefact_named(name)
        return [
            artefact.path(suffix, **place)
            for place in self.places(artefact)
            if all(getattr(at, key, value) == value for key, value in place.items())
        ]

    def source_path(self, source: str) -> str:
        """Where the verified bytes of a registered source are."""
        return artefact_named("source").path(source=source, file=self.file_of(source))

    def ranked_summaries(self, at: Any) -> list[str]:
        """Summaries of the datasets that are ranked under {protocol}."""
        places = _benchmarks(self._ranked_datasets(at.protocol))
        return [artefact_named("summary").path(**place) for place in places]

    def targets(self, audited: bool = False) -> list[str]:
        """What the default target asks for, in all formats, besides runs and benchmark tables.

        Args:
            audited: Only what the workflow's audit covers.
        """
        return self._paths(lambda each: each.is_final and (each.audited or not audited))

    def audited(self) -> list[str]:
        """The first file of each final artefact that the workflow's audit covers."""
        return self._paths(lambda each: each.is_final and each.audited, _first)

    def made(self) -> list[str]:
        """Every file and folder that a job of the study writes, run records included."""
        return self._paths(lambda each: True) + self._records(each.job for each in ARTEFACTS)

    def shown(self) -> list[str]:
        """The CSV of each table and figure."""
        return self._paths(_is_table_or_figure, _first)

    def shown_beside(self) -> list[str]:
        """The formats of tables and figures that the report reads or links to."""
        return self._paths(
            _is_table_or_figure, lambda each: {"md", "png", "pdf"}.intersection(each.suffixes)
        )

    def _paths(
        self,
        chosen: Callable[[Artefact], bool],
        formats: Callable[[Artefact], Iterable[str]] = lambda artefact: artefact.suffixes,
    ) -> list[str]:
        """Paths of the chosen artefacts in some of their formats, in the order of declaration."""
        return [
            artefact.path(suffix, **place)
            for artefact in filter(chosen, ARTEFACTS)
            for place in self.places(artefact)
            for suffix in artefact.suffixes
            if suffix in formats(artefact)
        ]

    @cached_property
    def records(self) -> list[str]:
        """The run record of every job that the workflow's audit covers."""
        return self._records(artefact.job for artefact in ARTEFACTS if artefact.audited)

    def _records(self, jobs: Iterable[str]) -> list[str]:
        return [
            record_path(job, **place)
            for job in dict.fromkeys(jobs)
            for place in self.places(artefacts_of(job)[0])
        ]

    def chain_records(self, at: Any) -> list[str]:
        """Records that tables of {space} can lead to: all but those of searching other spaces."""
        others = tuple(
            f"{RECORDS.folder}/{stage.folder.removeprefix('results/')}/{space}/"
            for stage in (TABLES, RUNS, SUMMARIES)
            for space in self.searched_spaces
            if space != at.space
        )
        pages = f"{RECORDS.folder}/chains/"
        return [path for path in self.records if not path.startswith((*others, pages))]

    # --- code -------------------------------------------------------------------------------------

    def code(
        self,
        subcommand: str,
        benchmarks: Iterable[Benchmark],
        methods: Iterable[str] = (),
        spaces: bool = False,
        further: Iterable[str] = (),
    ) -> str:
        """Digest of the modules that a subcommand can import for some benchmarks and methods.

        Args:
            subcommand: As on the command line.
            benchmarks, methods: What registries name.
            spaces: Whether the search spaces of the benchmarks are needed, too.
            further: Names of further modules.
        """
        named = registered(self.study, benchmarks, methods, spaces)
        return code_digest(subcommand, *named, *further)

    def code_of_comparison(self, subcommand: str, at: Any) -> str:
        """The same for every table of {space} and every reader of another file of them."""
        tables = [(at.space, dataset) for dataset in TABLE_DEFINITIONS.get(at.space, ())]
        others = [name for place in tables for name in get_definition(*place).official]
        readers = [OFFICIAL[name] for name in dict.fromkeys(others)]
        return code_digest(subcommand, *registered(self.study, tables, spaces=True), *readers)

    def datasets_of(self, space: str) -> list[Benchmark]:
        """Benchmarks of a search space that are searched."""
        return [place for place in self.searched if place[0] == space]

    @cached_property
    def printed(self) -> list[Benchmark]:
        """Benchmarks that printed tables, claims and findings can mention: registered ones that
        the papers name, those that are searched, and those that lack data."""
        lacking = [(each.space, each.dataset) for each in self.lacking]
        named = benchmarks_printed(self.published)
        return list(dict.fromkeys([*named, *self.searched, *lacking]))

    def ranked_tables(self, at: Any) -> list[Benchmark]:
        """The benchmark whose table holds the ranked cells at {space}/{dataset}, if one does."""
        return [] if (at.space, at.dataset) == LISTED_CELLS else [(at.space, at.dataset)]

    @cached_property
    def all_methods(self) -> list[str]:
        """Methods of the study in any search space."""
        spaces = dict.fromkeys([*SPACES, *self.study.benchmarks, *self.study.if_present])
        return list(
            dict.fromkeys(name for space in spaces for name in methods_of(self.study, space))
        )

    # --- what jobs ask of a cluster ---------------------------------------------------------------

    def table_megabytes(self, at: Any, attempt: int) -> int:
        """Memory of the job that reads the source files of a table, in MB."""
        return self._megabytes(self.definition(at).sources, attempt)

    def comparison_megabytes(self, at: Any, attempt: int) -> int:
        """Memory of the job that compares the source files of {space}, in MB."""
        return self._megabytes(self.compared[at.space], attempt)

    def _megabytes(self, sources: Sequence[str], attempt: int) -> int:
        return attempt * max(_MEGABYTES, megabytes_to_read(sources))

    def run_minutes(self, at: Any, attempt: int) -> int:
        """Time of a block of seeds: half an hour, and what its searches take."""
        seeds = int(at.last) - int(at.first) + 1
        return attempt * (_MINUTES + int(_SEARCH_SECONDS.get(at.space, 0) * seeds / 60))

    def number_of_runs(self) -> int:
        """Runs of the study, without the few of seeds that only the authors list."""
        total = 0
        for space, dataset in self.searched:
            methods = self.methods_on(space, dataset)
            protocols = protocols_of(self.study, space, dataset)
            total += sum(len(seeds_of(self.study, name)) for name in methods) * len(protocols)
            if PAPER in protocols and not is_predicted(space, dataset):
                total += len({*self.study.authors_seeds} - {*self.study.seeds})
        return total


def stock_of(
    study: Study, registry: Mapping[str, Source], around: Surroundings, called: Path | None = None
) -> dict[str, Holding]:
    """Source id -> how it stands on this machine; the study's own mirrors are searched first.

    A file that the study can do without counts as here only if it has the right bytes.

    Args:
        study: The study.
        registry: All sources.
        around: Mirrors, cache and lock of the user.
        called: What relative paths in the study are relative to, by default the current folder.
    """
    mirrors = tuple(user_path(folder, called) for folder in study.mirrors)
    wider = replace(around, mirrors=(*mirrors, *around.mirrors))
    own = [id for id, source in registry.items() if source.folder is not None]
    stock = take_stock(registry, wider, verified={*optional_sources(study), *own})
    return {holding.source.id: holding for holding in stock}


def checked_plan(
    study: Study, registry: Mapping[str, Source], root: Path, called: Path | None = None
) -> Plan:
    """The plan of a study on this machine, unless the study is refused.

    Args:
        study: The study.
        registry: All sources.
        root: The folder of the project, for the printed numbers.
        called: What relative paths in the study are relative to, by default the current folder.

    Raises:
        EdnagError: A folder of the study is missing, or it cannot be planned; see `Plan.check`.
    """
    check_folders(study, called or Path.cwd())
    plan = plan_of(study, stock_of(study, registry, Surroundings.of_user(), called), root)
    plan.check()
    for source in (registry[id] for id in plan.sources):
        if source.folder is not None and not plan.is_here(source.id):
            raise EdnagError(own_file_changed(source))
    return plan


def plan_of(study: Study, stock: Mapping[str, Holding], root: Path) -> Plan:
    """The plan of a study on this machine.

    Args:
        study: The study.
        stock: Source id -> how it stands here.
        root: The folder of the project, for the printed numbers.

    Raises:
        EdnagError: In answers, where the study reads a source that the registry does not name.
    """

    def holding_of(source: str) -> Holding:
        if source not in stock:
            find_source({name: holding.source for name, holding in stock.items()}, source)
        return stock[source]

    return Plan(
        study,
        is_here=lambda source: holding_of(source).path is not None,
        file_of=lambda source: holding_of(source).source.file,
        published=root / "published",
    )


def _first(artefact: Artefact) -> tuple[str, ...]:
    return artefact.suffixes[:1]


def _is_table_or_figure(artefact: Artefact) -> bool:
    return artefact.kind in (Kind.TABLE, Kind.FIGURE)


def _as_wildcards(place: Sequence[str], blocks: Iterable[Block]) -> list[Wildcards]:
    space, dataset, protocol, method = place
    return [
        {
            "space": space,
            "dataset": dataset,
            "protocol": protocol,
            "method": method,
            "first": block.first,
            "last": block.last,
        }
        for block in blocks
    ]


def _benchmarks(places: Iterable[Benchmark]) -> list[Wildcards]:
    return [{"space": space, "dataset": dataset} for space, dataset in places]


def _with_seeds(places: Iterable[Wildcards], seeds: Iterable[int]) -> list[Wildcards]:
    return [{**place, "first": seed} for place in places for seed in seeds]


def _unique(places: Iterable[Wildcards]) -> list[Wildcards]:
    return list({tuple(place.items()): place for place in places}.values())
