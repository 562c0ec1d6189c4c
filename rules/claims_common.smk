# The paper's printed numbers and claims: which files hold what they are compared with.

from ednag.study.comparisons import GENERATORS
from ednag.study.published import (
    PUBLISHED_TABLES,
    plan_with_authors,
    read_listed_seeds,
)

_PUBLISHED = Path(workflow.basedir) / "published"
try:
    listed_seeds = read_listed_seeds(_PUBLISHED / "reference-seeds.csv")
except EdnagError as error:
    sys.exit(f"published: {error}")


def published(file):
    """A file of the project's folder of printed numbers: never in a storage, as results may be."""
    return local(str(_PUBLISHED / file))


def paper_benchmarks():
    """(space, dataset) of the study that are searched under the paper's protocol."""
    return [
        (space, dataset)
        for space, dataset in benchmarks()
        if "paper" in protocols_of(study, space, dataset)
    ]


def generator_files(space, dataset):
    """Run files of the methods whose populations the paper's tables speak of."""
    folder = f"results/runs/{space}/{dataset}/paper"
    wanted = {f"{folder}/{method}" for method in GENERATORS}
    return [
        path for path in run_files(space, dataset) if str(Path(path).parent) in wanted
    ]


def generator_summaries():
    return [
        f"results/summaries/{space}/{dataset}.generated.parquet"
        for space, dataset in paper_benchmarks()
        if generator_files(space, dataset)
    ]


def authors_spaces():
    """Spaces of the study for whose datasets the authors list seeds, if those are run."""
    if not study.authors_seeds:
        return []
    here = [
        space
        for space, dataset in paper_benchmarks()
        if (space, dataset) in listed_seeds
    ]
    return list(dict.fromkeys(here))


def authors_run_files(wildcards):
    return authors_run_files_of(wildcards.space)


@cache
def authors_run_files_of(wanted):
    """Run files of EDNAG that hold the study's seeds, those its authors list, and those beside."""
    files = []
    for space, dataset in paper_benchmarks():
        listed = listed_seeds.get((space, dataset))
        if space == wanted and listed:
            folder = f"results/runs/{space}/{dataset}/paper/ednag"
            present = blocks_in(Path(folder))
            others = {*listed, *study.authors_seeds}
            blocks = plan_with_authors(study.seeds, others, present, study.block)
            files += [f"{folder}/seeds-{block.name}.parquet" for block in blocks]
    return few_enough(files, f"{wanted} with the seeds that the authors list")


def authors_runs():
    """Run files of all the study's spaces for whose datasets the authors list seeds."""
    return [path for space in authors_spaces() for path in authors_run_files_of(space)]


def measured_files():
    """What printed numbers and claims are held against, by kind."""
    return {
        "summaries": [
            f"results/summaries/{space}/{dataset}.parquet"
            for space, dataset in benchmarks()
        ],
        "generated": generator_summaries(),
        "listed": [
            f"results/evidence/authors-seeds-{space}.csv" for space in authors_spaces()
        ],
        "sets": [
            f"results/evidence/authors-sets-{space}.csv" for space in authors_spaces()
        ],
        "searches": ranker_searches(),
        "enumerated": enumerated_cells(),
        "records": record_tables(),
    }


def measured_options(wildcards, input):
    """The same as options of `ednag claims`."""
    options = {
        "--summary": input.summaries,
        "--generated": input.generated,
        "--listed": input.listed,
        "--sets": input.sets,
        "--ranker-search": input.searches,
        "--cells": input.enumerated,
        "--nar-records": input.records,
    }
    return [f"{name}={path}" for name, paths in options.items() for path in paths]


def printed_file(wildcards):
    return published(PUBLISHED_TABLES[wildcards.table])


def claims_files():
    """What `rule all` asks of the paper's tables, the authors' seeds, verdicts and findings."""
    suffixes = ("csv", "md", "tex")
    return [
        *(
            f"results/evidence/published-{table}.{suffix}"
            for table in PUBLISHED_TABLES
            for suffix in suffixes
        ),
        *(
            f"results/evidence/authors-{kind}-{space}.{suffix}"
            for space in authors_spaces()
            for kind in ("seeds", "sets")
            for suffix in suffixes
        ),
        *(
            f"figures/{space}/authors-seeds.{suffix}"
            for space in authors_spaces()
            for suffix in ("pdf", "png", "csv")
        ),
        "results/verdicts.md",
        "results/verdicts.json",
        "results/findings.md",
    ]
