# Which figures a study's methods and datasets allow, and the files of each; none is drawn empty.

from ednag.study.comparisons import (
    DATASET_FIGURES,
    FEWEST_DATASETS,
    can_rank,
    variant_figures,
)
from ednag.tables import is_predicted

#: Figure -> its caption and its label in the report; EDNAG's variants share a caption.
SHOWN = {
    "convergence": ("convergence", "convergence"),
    "denoising": ("denoising", "denoising"),
    "anytime": ("anytime", "all methods at equal evaluations"),
    "outcomes": ("outcomes", "outcome of each run"),
}


def figure_outputs(name, stem, caption, category, subcategory, **labels):
    """The files of a figure, by name: CSV and PNG for the report, PDF for print."""
    shown = {
        suffix: report(
            f"{stem}.{suffix}",
            caption=f"captions/{caption}.rst",
            category=category,
            subcategory=subcategory,
            labels={**labels, "file": suffix},
        )
        for suffix in ("csv", "png")
    }
    files = {**shown, "pdf": f"{stem}.pdf"}
    return {f"{name}_{suffix}": path for suffix, path in files.items()}


def figures_of(space):
    """The figures of each dataset and protocol of a space."""
    return [*DATASET_FIGURES, *variant_figures(methods_of(study, space))]


def dataset_figure_outputs(space):
    """`figure_outputs` of one dataset and protocol."""
    files = {}
    for figure in figures_of(space):
        caption, label = SHOWN.get(figure, ("variants", f"EDNAG by {figure}"))
        files |= figure_outputs(
            figure,
            f"figures/{{space}}/{{dataset}}/{{protocol}}/{figure}",
            caption,
            "Figures",
            "{space} {dataset}",
            figure=label,
            protocol="{protocol}",
        )
    return files


def ranked_datasets(protocol):
    """(space, dataset) with measured values that have a protocol."""
    return [
        (space, dataset)
        for space, dataset in benchmarks()
        if protocol in protocols_of(study, space, dataset)
        and not is_predicted(space, dataset)
    ]


def ranked_protocols():
    """Protocols with enough datasets for a critical difference."""
    return [
        protocol
        for protocol in study.protocols
        if can_rank(methods_on_all(study, ranked_datasets(protocol)))
        and len(ranked_datasets(protocol)) >= FEWEST_DATASETS
    ]


def ranked_summaries(wildcards):
    return [
        f"results/summaries/{space}/{dataset}.parquet"
        for space, dataset in ranked_datasets(wildcards.protocol)
    ]


def figure_files():
    """What `rule all` asks of figures."""
    stems = [
        f"figures/{space}/{dataset}/{protocol}/{figure}"
        for space, dataset in benchmarks()
        for protocol in protocols_of(study, space, dataset)
        for figure in figures_of(space)
    ]
    stems += [f"figures/ranks-{protocol}" for protocol in ranked_protocols()]
    stems.append("figures/illustration")
    return [f"{stem}.{suffix}" for stem in stems for suffix in ("pdf", "png", "csv")]
