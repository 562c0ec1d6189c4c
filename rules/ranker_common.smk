# Where the ranking of cells is studied, and its files.

from ednag.tables import get_definition


def ranked_places():
    """(space, dataset) of the study whose cells NAR's ranker can be judged on."""
    if not study.ranker.seeds:
        return []
    return [
        (space, dataset)
        for space, dataset in searched
        if space == "nasbench201" and not is_predicted(space, dataset)
    ]


def ranker_files(space, dataset):
    """Outputs of the rankers of a benchmark, by what they hold."""
    stems = [
        f"results/ranker/{space}/{dataset}/ranker-{seed}"
        for seed in study.ranker.ranker_seeds
    ]
    return {
        "judged": [f"{stem}.parquet" for stem in stems],
        "tiers": [f"{stem}.tiers.parquet" for stem in stems],
        "search": [f"{stem}.search.parquet" for stem in stems],
    }


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
    return get_definition(wildcards.space, wildcards.dataset).title


RANKER_TABLES = ("ranker", "ranker-tiers", "ranker-search")
RANKER_FIGURES = ("learning", "tiers")


def ranker_evidence():
    return [
        f"results/evidence/{table}-{space}-{dataset}.{suffix}"
        for space, dataset in ranked_places()
        for table in RANKER_TABLES
        for suffix in ("csv", "md", "tex")
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
