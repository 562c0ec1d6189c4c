# What is trained here where a dataset has no benchmark table: paths, planned blocks, targets.

from ednag.study.training_time import refuse_too_long
from ednag.study.trained import (
    SMALL_PLACE,
    SMALL_RECIPE,
    small_database_note,
    trained_networks_note,
    trained_places,
    trained_slots,
    training_settings,
)
from ednag.training.places import IMAGE_SOURCES, SMALL_SOURCES

places_trained = trained_places(searched)


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


def trained_evidence():
    return [
        f"results/evidence/top-k-{space}-{dataset}.{suffix}"
        for space, dataset in places_trained
        for suffix in ("csv", "md", "tex")
    ]


def trained_figures():
    return [
        f"figures/{space}/{dataset}/trained/top-k.{suffix}"
        for space, dataset in places_trained
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
            *database_parts("training"),
            *database_parts("held-out"),
            "results/predictors/small.judged.parquet",
            "results/evidence/predictor-small.csv",
            "figures/predictors/small/quality",
        ]
    for space, dataset in places_trained:
        made += [
            f"results/top-k/{space}/{dataset}.parquet",
            *trained_files(space, dataset),
            f"results/evidence/top-k-{space}-{dataset}.csv",
            f"figures/{space}/{dataset}/trained/top-k",
        ]
        if (space, dataset) != SMALL_PLACE:
            made += network_files(space, dataset)
    return [record_of(path) for path in made]


def own_images_folder():
    """The user's own folder of images, "" where there is none."""
    return str(as_input(study.own_images, called)) if study.own_images else ""


def own_images():
    """The files of the user's own folder of images, in order; none where there is none."""
    folder = own_images_folder()
    return sorted(map(str, Path(folder).glob("*/*"))) if folder else []


def predictor_figure_outputs(figure, label):
    return figure_outputs(
        figure,
        f"figures/predictors/small/{figure}",
        f"predictor_{figure}",
        "Figures",
        "Prediction",
        figure=label,
    )


def trained_what(wildcards):
    """What the networks of a place are, for the note under its table."""
    return trained_networks_note(study, wildcards.space, wildcards.dataset)


def training_recipe(wildcards):
    """What differs from the paper's recipe, as JSON."""
    return as_json(training_settings(study, wildcards.space, wildcards.dataset))


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
