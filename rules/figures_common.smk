# Which further figures a study's methods and datasets allow; none is ever drawn empty.

from ednag.evidence.comparisons import (
    FEWEST_DATASETS,
    VARIANTS,
    can_rank,
    dataset_figures,
)


wildcard_constraints:
    variant="|".join(VARIANTS),


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


def further_figure_files():
    """What `rule all` asks of figures beyond convergence and denoising."""
    stems = [
        f"figures/{space}/{dataset}/{protocol}/{figure}"
        for space, dataset in benchmarks()
        for protocol in protocols_of(study, space, dataset)
        for figure in dataset_figures(methods_of(study, space))
    ]
    stems += [f"figures/ranks-{protocol}" for protocol in ranked_protocols()]
    stems.append("figures/illustration")
    return [f"{stem}.{suffix}" for stem in stems for suffix in ("pdf", "png", "csv")]
