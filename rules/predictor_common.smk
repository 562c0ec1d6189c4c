# What is trained here where a dataset has no benchmark table: paths, planned blocks, targets.

from ednag.cli.estimate import refuse_too_long
from ednag.study.configuration import trained_slots
from ednag.training.places import IMAGE_SOURCES, SMALL_SOURCES

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
    slot=r"\d+",


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
        if Path(path).parts[-3] == "paper"
        and Path(path).parts[-2] in study.top_k.methods
    ]


def trained_files(space, dataset):
    """Files of trained networks: the small instance's, or those of real images gathered."""
    if (space, dataset) == SMALL_PLACE:
        return [
            f"results/trained/{space}/{dataset}/seed-{seed}.parquet"
            for seed in study.top_k.seeds
        ]
    return [f"results/trained/{space}/{dataset}/networks.parquet"]


def has_small_instance():
    return SMALL_PLACE in searched


def predictor_evidence():
    """Tables of the small instance; none where the study does not search it."""
    if not has_small_instance():
        return []
    return [
        f"results/evidence/{table}.{suffix}"
        for table in ("predictor-small", "coreset-small")
        for suffix in ("csv", "md", "tex")
    ]


def trained_places():
    """(space, dataset) of the study whose best by prediction are trained."""
    return [place for place in searched if place in (SMALL_PLACE, *IMAGE_SOURCES)]


def trained_evidence():
    return [
        f"results/evidence/top-k-{space}-{dataset}.{suffix}"
        for space, dataset in trained_places()
        for suffix in ("csv", "md", "tex")
    ]


def trained_figures():
    return [
        f"figures/{space}/{dataset}/trained/top-k.{suffix}"
        for space, dataset in trained_places()
        for suffix in ("csv", "pdf", "png")
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
        )
        for suffix in ("csv", "pdf", "png")
    ]


def predictor_records():
    """Run records of every job that predicts or trains."""
    made = []
    if has_small_instance():
        made += [
            "results/features/small.pt",
            *database_parts("training"),
            *database_parts("held-out"),
            "results/predictors/small.pt",
            "results/predictors/small.judged.parquet",
            "results/evidence/predictor-small.csv",
            "figures/predictors/small/quality",
        ]
    for space, dataset in trained_places():
        made += [
            f"results/top-k/{space}/{dataset}.parquet",
            *trained_files(space, dataset),
            f"results/evidence/top-k-{space}-{dataset}.csv",
            f"figures/{space}/{dataset}/trained/top-k",
        ]
        if (space, dataset) != SMALL_PLACE:
            made += network_files(space, dataset)
    return [record_of(path) for path in made]


def own_images():
    """The files of the user's own folder of images, in order; none where there is none."""
    folder = Path(study.own_images) if study.own_images else None
    return sorted(map(str, folder.glob("*/*"))) if folder else []


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


def trained_what(wildcards):
    """What the networks of a place are, for the note under its table."""
    seeds = len(study.top_k.seeds)
    if (wildcards.space, wildcards.dataset) == SMALL_PLACE:
        return (
            f"Narrow, shallow networks on five classes of digits, mean of {seeds} trainings each;"
            " differences of a few tenths are within what another seed gives."
        )
    reduced = study.training.scale < 1 or study.training.images
    return (
        f"Networks trained by the paper's recipe{' at reduced size' if reduced else ''}, mean of"
        f" {seeds} trainings each, a tenth of the training images kept for validation."
    )


def training_recipe(wildcards):
    """What differs from the paper's recipe, as JSON."""
    if study.training.scale == 1:
        return "{}"
    from ednag.training.image_tasks import image_task
    from ednag.training.recipe import scaled_recipe

    whole = image_task(wildcards.space, wildcards.dataset).recipe
    scaled = scaled_recipe(whole, study.training.scale).model_dump()
    return as_json(
        {
            name: scaled[name]
            for name in ("epochs", "warmup_epochs", "head_epochs")
            if scaled[name] != getattr(whole, name)
        }
    )


def training_minutes(wildcards):
    """What a training asks for, from measured times on one core."""
    from ednag.training.cost import minutes_of_a_job
    from ednag.training.image_tasks import image_task
    from ednag.training.recipe import scaled_recipe

    task = image_task(wildcards.space, wildcards.dataset)
    epochs = scaled_recipe(task.recipe, study.training.scale).epochs
    return minutes_of_a_job(task, epochs, study.training.images)


def training_memory(wildcards):
    """Megabytes of one training."""
    from ednag.training.cost import megabytes_of_a_job
    from ednag.training.image_tasks import image_task

    task = image_task(wildcards.space, wildcards.dataset)
    return megabytes_of_a_job(task, study.training.images)


def network_files(space, dataset):
    """One file for each architecture and training seed."""
    return [
        f"results/trained/{space}/{dataset}/{slot}/seed-{seed}.json"
        for slot in range(trained_slots(study))
        for seed in study.top_k.seeds
    ]


def image_sources(wildcards):
    return [source_path(s) for s in IMAGE_SOURCES[wildcards.space, wildcards.dataset]]


def image_source_options(wildcards, input):
    named = IMAGE_SOURCES[wildcards.space, wildcards.dataset]
    return [f"--source={s}={path}" for s, path in zip(named, input.images, strict=True)]


def trained_sources(place):
    """Ids of the files that networks of a place are trained on."""
    return IMAGE_SOURCES.get(place, ())
