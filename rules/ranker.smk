# How well NAR's ranker and plainer predictors rank unseen cells, and what its sampler is worth.


rule ranker_cells:
    input:
        source_path(LISTED_SOURCE),
    output:
        **evidence_outputs(
            "counted",
            "cells-nasbench101",
            "cells",
            "Ranking",
            table="cells enumerated",
        ),
        file=LISTED_FILE,
        record=record_of(LISTED_FILE),
    log:
        "logs/ranker/nasbench101/cells.log",
    benchmark:
        "logs/benchmarks/ranker/nasbench101/cells.tsv"
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("cells enumerate", SPACES["nasbench101"]),
        lock=lock,
    message:
        "enumerating the cells of NAS-Bench-101 to find those with a validation accuracy"
    shell:
        "ednag --record {output.record:q}"
        " cells enumerate --hashes {input:q} --output {output.file:q}"
        " --summary {output.counted_csv:q} --summary {output.counted_md:q}"
        " --summary {output.counted_tex:q} 2> {log:q}"


rule nar_records:
    input:
        lambda wildcards: source_path(EXAMPLE_RECORDS[wildcards.space]),
    output:
        **evidence_outputs(
            "compared",
            "nar-records-{space}",
            "nar_records",
            "Ranking",
            table="NAR's records compared",
            space="{space}",
        ),
        record=record_of("results/evidence/nar-records-{space}.csv"),
    log:
        "logs/evidence/nar-records-{space}.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("cells compare", *SPACES.values()),
        lock=lock,
    message:
        "comparing NAR's example record of {wildcards.space} with what its cell gives"
    shell:
        "ednag --record {output.record:q}"
        " cells compare {input:q} --output {output.compared_csv:q}"
        " --output {output.compared_md:q} --output {output.compared_tex:q} > {log:q} 2>&1"


rule ranker_baselines:
    input:
        cells=ranked_cells,
    output:
        file="results/ranker/{space}/{dataset}/baselines-{first}.parquet",
        record=record_of("results/ranker/{space}/{dataset}/baselines-{first}.parquet"),
    log:
        "logs/ranker/{space}/{dataset}/baselines-{first}.log",
    benchmark:
        "logs/benchmarks/ranker/{space}/{dataset}/baselines-{first}.tsv"
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_ranking("ranker baselines"),
        lock=lock,
        cells=ranked_cells_option,
        training=training_options(study.ranker.sizes),
        held_out=study.ranker.held_out,
    message:
        "ranking cells of {wildcards.space}/{wildcards.dataset} by plain predictors,"
        " seed {wildcards.first}"
    shell:
        "ednag --record {output.record:q}"
        " ranker baselines {params.cells:q} {params.training:q}"
        " --held-out {params.held_out} --seed {wildcards.first} --output {output.file:q} 2> {log:q}"


rule ranker_study:
    input:
        cells=ranked_cells,
    output:
        file="results/ranker/{space}/{dataset}/ranker-{first}.parquet",
        tiers="results/ranker/{space}/{dataset}/ranker-{first}.tiers.parquet",
        record=record_of("results/ranker/{space}/{dataset}/ranker-{first}.parquet"),
        search="results/ranker/{space}/{dataset}/ranker-{first}.search.parquet",
    log:
        "logs/ranker/{space}/{dataset}/ranker-{first}.log",
    benchmark:
        "logs/benchmarks/ranker/{space}/{dataset}/ranker-{first}.tsv"
    wildcard_constraints:
        space="nasbench201",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_ranking("ranker study"),
        lock=lock,
        cells=ranked_cells_option,
        search=lambda wildcards, output: [
            f"--search={path}" for path in output if path.endswith(".search.parquet")
        ],
        training=training_options(study.ranker.ranker_sizes),
        held_out=study.ranker.held_out,
    message:
        "training NAR's ranker on {wildcards.space}/{wildcards.dataset},"
        " seed {wildcards.first}"
    shell:
        "ednag --record {output.record:q}"
        " ranker study {params.cells:q} {params.training:q}"
        " --held-out {params.held_out} --seed {wildcards.first} --output {output.file:q}"
        " --tiers {output.tiers:q} {params.search:q} 2> {log:q}"


# NAS-Bench-101's cells have no test accuracy: the ranker is judged, and searches nothing.
use rule ranker_study as ranker_study_without_search with:
    output:
        file="results/ranker/{space}/{dataset}/ranker-{first}.parquet",
        tiers="results/ranker/{space}/{dataset}/ranker-{first}.tiers.parquet",
        record=record_of("results/ranker/{space}/{dataset}/ranker-{first}.parquet"),
    wildcard_constraints:
        space="nasbench101",


rule ranker_tables:
    input:
        baselines=baseline_input,
        judged=ranker_input("judged"),
        tiers=ranker_input("tiers"),
        search=ranker_input("search"),
    output:
        **ranker_outputs("learning", "ranker", "ranker", "how cells are ranked"),
        **ranker_outputs("tiers", "ranker-tiers", "ranker_tiers", "tiers"),
        **ranker_outputs(
            "search", "ranker-search", "ranker_search", "draws of the sampler"
        ),
        record=record_of("results/evidence/ranker-{space}-{dataset}.csv"),
    log:
        "logs/evidence/ranker-{space}-{dataset}.log",
    wildcard_constraints:
        space="nasbench201",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("ranker table"),
        lock=lock,
        tiers=lambda wildcards, input: [f"--tiers={path}" for path in input.tiers],
        search=lambda wildcards, input: [f"--search={path}" for path in input.search],
        search_outputs=lambda wildcards, output: [
            f"--search-output={path}" for path in output if "ranker-search-" in path
        ],
        title=ranker_title,
        statistics=as_json(study.statistics.model_dump()),
    message:
        "tables of how cells of {wildcards.space}/{wildcards.dataset} are ranked"
    shell:
        "ednag --record {output.record:q}"
        " ranker table {input.judged:q} {input.baselines:q} {params.tiers:q} {params.search:q}"
        " --title {params.title:q} --space {wildcards.space} --statistics {params.statistics:q}"
        " --output {output.learning_csv:q} --output {output.learning_md:q}"
        " --output {output.learning_tex:q}"
        " --tiers-output {output.tiers_csv:q} --tiers-output {output.tiers_md:q}"
        " --tiers-output {output.tiers_tex:q} {params.search_outputs:q} 2> {log:q}"


use rule ranker_tables as ranker_tables_without_search with:
    output:
        **ranker_outputs("learning", "ranker", "ranker", "how cells are ranked"),
        **ranker_outputs("tiers", "ranker-tiers", "ranker_tiers", "tiers"),
        record=record_of("results/evidence/ranker-{space}-{dataset}.csv"),
    wildcard_constraints:
        space="nasbench101",


rule ranker_figures:
    input:
        baselines=baseline_input,
        judged=ranker_input("judged"),
        tiers=ranker_input("tiers"),
    output:
        **ranker_figure_outputs("learning", "learning curves"),
        **ranker_figure_outputs("tiers", "tiers of unseen cells"),
        record=record_of("figures/{space}/{dataset}/ranker/learning"),
    log:
        "logs/figures/{space}/{dataset}/ranker.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("ranker figures"),
        lock=lock,
        tiers=lambda wildcards, input: [f"--tiers={path}" for path in input.tiers],
        title=ranker_title,
        statistics=as_json(study.statistics.model_dump()),
        folder=lambda wildcards, output: str(Path(output[0]).parent),
    message:
        "drawing how cells of {wildcards.space}/{wildcards.dataset} are ranked"
    shell:
        "ednag --record {output.record:q}"
        " ranker figures {input.judged:q} {input.baselines:q} {params.tiers:q}"
        " --title {params.title:q} --statistics {params.statistics:q}"
        " --folder {params.folder:q} 2> {log:q}"
