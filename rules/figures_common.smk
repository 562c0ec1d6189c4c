# Which figures a study's methods and datasets allow, and the files of each; none is drawn empty.

from ednag.evidence.comparisons import (
    DATASET_FIGURES,
    FEWEST_DATASETS,
    VARIANTS,
    can_rank,
    variant_figures,
)


wildcard_constraints:
    variant="|".join(VARIANTS),


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


def dataset_figure_outputs(figure, caption, label):
    """`figure_outputs` of one dataset and protocol."""
    return figure_outputs(
        figure.strip("{}"),
        f"figures/{{space}}/{{dataset}}/{{protocol}}/{figure}",
        caption,
        "Figures",
        "{space} {dataset}",
        figure=label,
        protocol="{protocol}",
    )


def ranked_datasets(protocol):
    """(space, dataset) that have a protocol."""
    return [
        (space, dataset)
        for space, dataset in benchmarks()
        if protocol in protocols_of(study, space, dataset)
    ]


def ranked_protocols():
    """Protocols with enough datasets for a critical difference."""
    return [
        protocol
        for protocol in study.protocols
        if can_rank(study.methods) and len(ranked_datasets(protocol)) >= FEWEST_DATASETS
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
        for figure in (*DATASET_FIGURES, *variant_figures(methods_of(study, space)))
    ]
    stems += [f"figures/ranks-{protocol}" for protocol in ranked_protocols()]
    stems.append("figures/illustration")
    return [f"{stem}.{suffix}" for stem in stems for suffix in ("pdf", "png", "csv")]
