# Where the ranking of cells is studied, and its files.

from ednag.tables import get_definition

#: Cells of NAS-Bench-101 that are ranked where their validation accuracies are here, and those.
LISTED_CELLS = ("nasbench101", "cifar10-20k")
LISTED_SOURCE = "nasbench101-vis-20k"
LISTED_FILE = "results/ranker/nasbench101/cells.parquet"
#: Space -> NAR's example of a record of its cells.
EXAMPLE_RECORDS = {"nasbench101": "nar-example-101", "nasbench201": "nar-example-201"}


def searched_by_rankers():
    """(space, dataset) of the study whose cells NAR's ranker is judged on and searches."""
    if not study.ranker.seeds:
        return []
    return [
        (space, dataset)
        for space, dataset in searched
        if space == "nasbench201" and not is_predicted(space, dataset)
    ]


def ranked_if_present(source):
    """Whether the study takes a source up for its ranking where it is here, and it is."""
    return bool(study.ranker.seeds and study.ranker.if_present and is_here(source))


def ranked_places():
    """Those, and what has no test accuracy: there the ranker is judged and searches nothing."""
    listed = [LISTED_CELLS] if ranked_if_present(LISTED_SOURCE) else []
    return [*searched_by_rankers(), *listed]


def compared_records():
    """Spaces whose example record by NAR is compared."""
    return [
        space for space, source in EXAMPLE_RECORDS.items() if ranked_if_present(source)
    ]


def ranker_sources():
    """Sources that the ranking study reads besides benchmark tables, and only where they are."""
    named = [LISTED_SOURCE, *EXAMPLE_RECORDS.values()]
    return [source for source in named if ranked_if_present(source)]


def ranker_lacks():
    """Sources that the study would take up if they were here."""
    if not (study.ranker.seeds and study.ranker.if_present):
        return []
    named = [LISTED_SOURCE, *EXAMPLE_RECORDS.values()]
    return [source for source in named if not is_here(source)]


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
    here = ranked_if_present(LISTED_SOURCE)
    return ["results/evidence/cells-nasbench101.csv"] if here else []


def record_tables():
    """The tables of NAR's published records beside ours."""
    return [f"results/evidence/nar-records-{space}.csv" for space in compared_records()]


def ranker_searches():
    """What the samplers of all rankers gave."""
    return [
        path
        for place in searched_by_rankers()
        for path in ranker_files(*place)["search"]
    ]


def ranker_evidence():
    tables = [
        f"results/evidence/{table}-{space}-{dataset}.csv"
        for space, dataset in ranked_places()
        for table in RANKER_TABLES
    ]
    tables += [
        f"results/evidence/ranker-search-{space}-{dataset}.csv"
        for space, dataset in searched_by_rankers()
    ]
    return [
        str(Path(table).with_suffix(suffix))
        for table in (*tables, *enumerated_cells(), *record_tables())
        for suffix in (".csv", ".md", ".tex")
    ]


def ranker_figures():
    return [
        f"figures/{space}/{dataset}/ranker/{figure}.{suffix}"
        for space, dataset in ranked_places()
        for figure in RANKER_FIGURES
        for suffix in ("csv", "pdf", "png")
    ]


def ranker_records():
    """Run records of every job about ranking."""
    made = []
    for space, dataset in ranked_places():
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
