# The validated study and the path grammar: what exists for which wildcards.

import gc
import json
import os
import sys
from functools import cache
from pathlib import Path

from ednag.errors import EdnagError
from ednag.provenance.recording import COMMIT_VARIABLE, PROJECT_VARIABLE, commit_state
from ednag.sources.inventory import take_stock
from ednag.sources.lock import known_sha256
from ednag.sources.obtain import Surroundings
from ednag.sources.registry import find_source, load_registry
from ednag.spaces import SPACES
from ednag.study.benchmarks import compared_sources, sources_of, split_benchmarks
from ednag.study.configuration import (
    definition_of,
    hyperparameters_of,
    method_of,
    methods_of,
    methods_on,
    methods_on_all,
    protocols_of,
    read_study,
    seeds_of,
)
from ednag.study.digests import code_digest, lock_digest, registered
from ednag.study.environment import as_input, export_environment, folder_of_the_call
from ednag.study.running import hold_folder
from ednag.study.seeds import blocks_in, check_run_files, format_seeds, plan_blocks
from ednag.tables import TABLES
from ednag.tables.memory import megabytes_to_read

# Nearly all that a DAG is made of stays to the end: to look for garbage among it takes a fifth of
# the time before the first job.
gc.disable()

try:
    study = read_study(config)
    registry = load_registry(Path(workflow.basedir) / "sources.yaml")
    called = folder_of_the_call(workflow.overwrite_workdir)
    export_environment(Path(workflow.basedir), study.mirrors, called)
    stock = {
        holding.source.id: holding
        for holding in take_stock(registry, Surroundings.of_user())
    }
except EdnagError as error:
    sys.exit(f"configuration: {error}")

os.environ[PROJECT_VARIABLE] = str(workflow.basedir)
os.environ[COMMIT_VARIABLE] = commit_state(Path(workflow.basedir))
lock = lock_digest(Path(workflow.basedir) / "envs" / "requirements.lock")


def is_here(source):
    """Whether a source file can be had without any download."""
    return stock[source].path is not None


#: Seconds of one search where tables are not small: 9,900 networks predicted, on one busy core.
SEARCH_SECONDS = {"mobilenetv3": 60}

searched, lacking = split_benchmarks(study, is_here)
compared = compared_sources(study, searched, is_here)


wildcard_constraints:
    space="|".join(SPACES),
    dataset="[A-Za-z0-9_-]+",
    protocol="[a-z-]+",
    method="[a-z0-9][a-z0-9-]*",
    source="[A-Za-z0-9._-]+",
    first=r"\d+",
    last=r"\d+",


onstart:
    gc.freeze()
    gc.enable()
    try:
        # Snakemake's own lock outlives a killed process; this one goes with it.
        hold_folder(Path())
        if any(place in IMAGE_SOURCES for place in searched):
            refuse_too_long(study, searched)
    except EdnagError as error:
        sys.exit(f"not started: {error}")
    for each in lacking:
        needed = " ".join(each.sources)
        print(
            f"not searched, needs data: {each.space}/{each.dataset};"
            f" to get it: ednag sources fetch {needed}",
            file=sys.stderr,
        )
    for source in ranking_lacks(study, is_here):
        print(
            f"not ranked or compared, needs data: ednag sources fetch {source}",
            file=sys.stderr,
        )


def benchmarks():
    """(space, dataset) of the study, in its order; `if_present` only where its data is here."""
    return searched


def searched_spaces():
    return list(dict.fromkeys(space for space, _ in searched))


def datasets_of(space):
    return [dataset for other, dataset in searched if other == space]


def source_path(source):
    """Where the verified bytes of a registered source stand."""
    return f"resources/{source}/{find_source(registry, source).file}"


def source_sha256(wildcards):
    """The published checksum of a source, or the one that the lock file in force trusts."""
    return known_sha256(find_source(registry, wildcards.source))


def source_options(wildcards, input):
    """`--source ID=PATH` for each input of a benchmark table."""
    needed = definition_of(study, wildcards.space, wildcards.dataset).sources
    return [
        f"--source={source}={path}"
        for source, path in zip(needed, input.sources, strict=True)
    ]


def generated_options(wildcards, input):
    """`--generated NAME=PATH` for each input that another stage makes."""
    needed = definition_of(study, wildcards.space, wildcards.dataset).generated
    return [
        f"--generated={name}={path}"
        for name, path in zip(needed, input.generated, strict=True)
    ]


def official_option(wildcards):
    """What else a table is built with: an official file, our own predictor, a scale."""
    official = study.official_files.get(wildcards.space, {}).get(wildcards.dataset)
    if official:
        return f"--from {official}"
    if wildcards.space == "mobilenetv3":
        return "--scale {} {}".format(*study.mobilenetv3_scale)
    return "--trained" if study.predictor == "train" else ""


def table_memory(wildcards, attempt):
    """Megabytes of the job that reads the source files of a table."""
    return reading_memory(
        definition_of(study, wildcards.space, wildcards.dataset).sources, attempt
    )


def comparison_memory(wildcards, attempt):
    """Megabytes of the job that compares the source files of a space."""
    return reading_memory(compared[wildcards.space], attempt)


def reading_memory(sources, attempt):
    """Megabytes: 1,500 as for any job (profiles), more to read large files."""
    return attempt * max(1500, megabytes_to_read(sources))


def budget_option(wildcards):
    """The budget, for methods that read it: a new budget reruns no others."""
    return (
        ""
        if method_of(study, wildcards.method).has_own_end
        else f"--budget {study.budget}"
    )


def run_minutes(wildcards, attempt):
    """What a block of seeds asks of a cluster: half an hour, or by what one search takes."""
    seeds = int(wildcards.last) - int(wildcards.first) + 1
    return attempt * (30 + int(SEARCH_SECONDS.get(wildcards.space, 0) * seeds / 60))


def table_path(space, dataset):
    return f"results/tables/{space}/{dataset}.parquet"


@cache
def run_files(space, dataset):
    """Run files that hold the study's seeds: those present, and new blocks for what they lack.

    Planned once a call, so that jobs which ask for them while others write agree.
    """
    files = []
    for protocol in protocols_of(study, space, dataset):
        for method in methods_on(study, space, dataset):
            folder = f"results/runs/{space}/{dataset}/{protocol}/{method}"
            seeds = seeds_of(study, method)
            blocks = plan_blocks(seeds, blocks_in(Path(folder)), study.block)
            files += [f"{folder}/seeds-{block.name}.parquet" for block in blocks]
    return few_enough(files, f"{space}/{dataset}")


def few_enough(files, place):
    """Run files of a place; where they are more than one job reads, the study is refused."""
    try:
        check_run_files(len(files), study.block, place)
    except EdnagError as error:
        sys.exit(f"configuration: {error}")
    return files


def method_seeds(wildcards):
    """Methods of a benchmark that run fewer seeds than the study has, as JSON."""
    return as_json(
        {
            method: format_seeds(seeds_of(study, method))
            for method in methods_on(study, wildcards.space, wildcards.dataset)
            if seeds_of(study, method) != study.seeds
        }
    )


def summaries_of(wildcards):
    return [
        f"results/summaries/{wildcards.space}/{dataset}.parquet"
        for dataset in datasets_of(wildcards.space)
    ]


def evidence_files():
    return [
        f"results/evidence/{space}{kind}.{suffix}"
        for space in searched_spaces()
        for kind in ("", "-equal-budget", "-comparison")
        for suffix in ("csv", "md", "tex")
    ] + [
        f"results/evidence/sources-{space}{kind}"
        for space in compared
        for kind in (".csv", ".md", "-differences.csv")
    ]


def evidence_outputs(name, stem, caption, subcategory, **labels):
    """The files of a table, by name: CSV for the report, Markdown and LaTeX beside it."""
    shown = report(
        f"results/evidence/{stem}.csv",
        caption=f"captions/{caption}.rst",
        category="Tables",
        subcategory=subcategory,
        labels={**labels, "file": "csv"},
    )
    others = {f"{name}_{s}": f"results/evidence/{stem}.{s}" for s in ("md", "tex")}
    return {f"{name}_csv": shown, **others}


def record_of(output):
    """Where the run record of the job stands that makes an output."""
    return f"results/provenance/{output.removeprefix('results/')}.json"


def code_of_benchmark(subcommand, methods=lambda wildcards: (), spaces=False):
    """Digest of the modules that a subcommand can import for {space}/{dataset}, and of methods."""
    return lambda wildcards: code_digest(
        subcommand,
        *registered(
            study,
            [(wildcards.space, wildcards.dataset)],
            methods(wildcards),
            spaces,
        ),
    )


def code_of_space(subcommand):
    """The same for the benchmarks and methods of {space}."""
    return lambda wildcards: code_digest(
        subcommand,
        *registered(
            study,
            [(wildcards.space, dataset) for dataset in datasets_of(wildcards.space)],
            methods_of(study, wildcards.space),
        ),
    )


def code_of_all(subcommand, spaces=False):
    """The same for every benchmark there is, whether searched or not, and the study's methods."""
    everything = [(space, dataset) for space in TABLES for dataset in TABLES[space]]
    methods = dict.fromkeys(
        name for space in SPACES for name in methods_of(study, space)
    )
    return code_digest(subcommand, *registered(study, everything, methods, spaces))


def methods_here(wildcards):
    return methods_on(study, wildcards.space, wildcards.dataset)


def as_json(value):
    """Text that is the same for equal values, whatever their order."""
    return json.dumps(value, sort_keys=True)
