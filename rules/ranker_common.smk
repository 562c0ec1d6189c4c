# Where the ranking of cells is studied, and its files.

from ednag.study.ranking import (
    EXAMPLE_RECORDS,
    LISTED_CELLS,
    LISTED_SOURCE,
    ranking_lacks,
    ranking_sources,
    searched_by_rankers,
)
from ednag.tables import get_definition

LISTED_FILE = "results/ranker/nasbench101/cells.parquet"

ranked_sources = ranking_sources(study, is_here)
ranker_searched = searched_by_rankers(study, searched)
#: Those, and what has no test accuracy: there the ranker is judged and searches nothing.
ranked_places = ranker_searched + [LISTED_CELLS] * (LISTED_SOURCE in ranked_sources)


def compared_records():
    """Spaces whose example record by NAR is compared."""
    return [
        space for space, source in EXAMPLE_RECORDS.items() if source in ranked_sources
    ]


def ranker_files(space, dataset):
    """Outputs of the rankers of a benchmark, by what they hold."""
    stems = [
        f"results/ranker/{space}/{dataset}/ranker-{seed}"
        for seed in study.ranker.ranker_seeds
    ]
    searching = stems if (space, dataset) != LISTED_CELLS else []
    return {
        "judged": [f"{stem}.parquet" for stem in stems],
        "tiers": [f"{stem}.tiers.parquet" for stem in stems],
        "search": [f"{stem}.search.parquet" for stem in searching],
    }


def ranked_cells(wildcards):
    """The file with the cells of {space}/{dataset} and their accuracies."""
    place = (wildcards.space, wildcards.dataset)
    return LISTED_FILE if place == LISTED_CELLS else table_path(*place)


def ranked_cells_option(wildcards, input):
    """The same as an option of `ednag ranker`."""
    listed = (wildcards.space, wildcards.dataset) == LISTED_CELLS
    return f"--cells={input.cells}" if listed else f"--table={input.cells}"


def code_of_ranking(subcommand):
    """Digest of the modules that a subcommand can import for {space}/{dataset}."""
    of_table = code_of_benchmark(subcommand, spaces=True)
    return lambda wildcards: (
        code_digest(subcommand)
        if (wildcards.space, wildcards.dataset) == LISTED_CELLS
        else of_table(wildcards)
    )


def baseline_files(space, dataset):
    return [
        f"results/ranker/{space}/{dataset}/baselines-{seed}.parquet"
        for seed in study.ranker.seeds
    ]


def ranker_input(kind):
    """Input of a rule: outputs of the rankers of {space}/{dataset}."""
    return lambda wildcards: ranker_files(wildcards.space, wildcards.dataset)[kind]


def baseline_input(wildcards):
    return baseline_files(wildcards.space, wildcards.dataset)


def training_options(sizes):
    return [f"--training={size}" for size in sizes]


def ranker_title(wildcards):
    if (wildcards.space, wildcards.dataset) == LISTED_CELLS:
        return "NAS-Bench-101, CIFAR-10, 20,001 cells"
    return get_definition(wildcards.space, wildcards.dataset).title


RANKER_TABLES = ("ranker", "ranker-tiers")
RANKER_FIGURES = ("learning", "tiers")


def enumerated_cells():
    """The tables of how many cells of NAS-Bench-101 there are: one, or none."""
    here = LISTED_SOURCE in ranked_sources
    return ["results/evidence/cells-nasbench101.csv"] if here else []


def record_tables():
    """The tables of NAR's published records beside ours."""
    return [f"results/evidence/nar-records-{space}.csv" for space in compared_records()]


def ranker_searches():
    """What the samplers of all rankers gave."""
    return [
        path for place in ranker_searched for path in ranker_files(*place)["search"]
    ]


def ranker_evidence():
    tables = [
        f"results/evidence/{table}-{space}-{dataset}.csv"
        for space, dataset in ranked_places
        for table in RANKER_TABLES
    ]
    tables += [
        f"results/evidence/ranker-search-{space}-{dataset}.csv"
        for space, dataset in ranker_searched
    ]
    return [
        str(Path(table).with_suffix(suffix))
        for table in (*tables, *enumerated_cells(), *record_tables())
        for suffix in (".csv", ".md", ".tex")
    ]


def ranker_figures():
    return [
        f"figures/{space}/{dataset}/ranker/{figure}.{suffix}"
        for space, dataset in ranked_places
        for figure in RANKER_FIGURES
        for suffix in ("csv", "pdf", "png")
    ]


def ranker_records():
    """Run records of every job about ranking."""
    made = []
    for space, dataset in ranked_places:
        made += [
            *baseline_files(space, dataset),
            *ranker_files(space, dataset)["judged"],
            f"results/evidence/ranker-{space}-{dataset}.csv",
            f"figures/{space}/{dataset}/ranker/learning",
        ]
    made += [LISTED_FILE] if enumerated_cells() else []
    made += record_tables()
    return [record_of(path) for path in made]


def ranker_outputs(name, table, caption, label):
    """The files of a table about ranking."""
    stem = f"{table}-{{space}}-{{dataset}}"
    return evidence_outputs(
        name, stem, caption, "Ranking", table=label, dataset="{dataset}"
    )


def ranker_figure_outputs(figure, label):
    return figure_outputs(
        figure,
        f"figures/{{space}}/{{dataset}}/ranker/{figure}",
        f"ranker_{figure}",
        "Figures",
        "Ranking",
        figure=label,
        dataset="{dataset}",
    )
