# What is trained here where a dataset has no benchmark table: paths, planned blocks, targets.

SMALL_SOURCES = ("digits", "mnist-5000")
SMALL_PLACE = ("nasbench201", "digits-unseen")
#: Settings of the small instance's predictor: chosen on its training tasks alone.
SMALL_RECIPE = {
    "epochs": 100,
    "batch": 32,
    "learning_rate": 0.002,
    "hidden": 64,
    "latent": 16,
}


wildcard_constraints:
    part="training|held-out",


def small_source_options(wildcards, input):
    """`--source ID=PATH` of the small instance's images."""
    return [
        f"--source={source}={path}"
        for source, path in zip(SMALL_SOURCES, input.images, strict=True)
    ]


def small_images():
    return [source_path(source) for source in SMALL_SOURCES]


def database_parts(part):
    """Files of the small database: those present, and new blocks for the seeds they lack."""
    seeds = (
        study.small_instance.tasks
        if part == "training"
        else study.small_instance.held_out_tasks
    )
    folder = f"results/databases/small/{part}"
    blocks = plan_blocks(seeds, blocks_in(Path(folder)), study.small_instance.block)
    return [f"{folder}/seeds-{block.name}.parquet" for block in blocks]


def top_k_runs(wildcards):
    """Run files that hold the searches whose best are trained."""
    return [
        path
        for path in run_files(wildcards.space, wildcards.dataset)
        if "/paper/" in path
    ]


def trained_files(space, dataset):
    return [
        f"results/trained/{space}/{dataset}/seed-{seed}.parquet"
        for seed in study.top_k.seeds
    ]


def has_small_instance():
    return SMALL_PLACE in searched


def predictor_evidence():
    """Tables of the small instance; none where the study does not search it."""
    if not has_small_instance():
        return []
    return [
        f"results/evidence/{table}.{suffix}"
        for table in (
            "predictor-small",
            "coreset-small",
            f"top-k-{'-'.join(SMALL_PLACE)}",
        )
        for suffix in ("csv", "md", "tex")
    ]


def predictor_figures():
    """Figures of the small instance."""
    if not has_small_instance():
        return []
    return [
        f"figures/{figure}.{suffix}"
        for figure in (
            "predictors/small/quality",
            "predictors/small/learning",
            "predictors/small/coreset",
            f"{'/'.join(SMALL_PLACE)}/trained/top-k",
        )
        for suffix in ("csv", "pdf", "png")
    ]


def predictor_records():
    """Run records of every job of the small instance."""
    if not has_small_instance():
        return []
    space, dataset = SMALL_PLACE
    made = [
        "results/features/small.pt",
        *database_parts("training"),
        *database_parts("held-out"),
        "results/predictors/small.pt",
        "results/predictors/small.judged.parquet",
        f"results/top-k/{space}/{dataset}.parquet",
        *trained_files(space, dataset),
        "results/evidence/predictor-small.csv",
        f"results/evidence/top-k-{space}-{dataset}.csv",
        "figures/predictors/small/quality",
        f"figures/{space}/{dataset}/trained/top-k",
    ]
    return [record_of(path) for path in made]


def own_images():
    """The files of the user's own folder of images, in order; none where there is none."""
    folder = Path(study.own_images) if study.own_images else None
    return sorted(map(str, folder.glob("*/*"))) if folder else []


def evidence_outputs(name, stem, caption, table):
    """The files of a table, by name: CSV for the report, Markdown and LaTeX beside it."""
    shown = report(
        f"results/evidence/{stem}.csv",
        caption=f"captions/{caption}.rst",
        category="Tables",
        subcategory="Prediction",
        labels={"table": table, "file": "csv"},
    )
    others = {f"{name}_{s}": f"results/evidence/{stem}.{s}" for s in ("md", "tex")}
    return {f"{name}_csv": shown, **others}


def predictor_figure_outputs(figure, label):
    return figure_outputs(
        figure,
        f"figures/predictors/small/{figure}",
        f"predictor_{figure}",
        "Figures",
        "Prediction",
        figure=label,
    )


def trained_on():
    """What the small predictor was trained on, for the note under its table."""
    tasks, cells = len(study.small_instance.tasks), study.small_instance.cells
    return (
        f"Trained on {cells} random cells on each of {tasks} tasks of handwritten digits, every"
        " network really trained: narrow and shallow ones of the family of NAS-Bench-201, 300"
        " images of 8 x 8 pixels, 5 epochs. This small instance shows that the chain works and"
        " what it gives here; it says nothing about datasets of the paper."
    )


def trained_what():
    """What the networks of the small instance are, for the note under the table."""
    return (
        f"Narrow, shallow networks on five classes of digits, mean of {len(study.top_k.seeds)}"
        " trainings each; differences of a few tenths are within what another seed gives."
    )
