# How well NAR's ranker and plainer predictors rank unseen cells, and what its sampler is worth.


rule ranker_baselines:
    input:
        table="results/tables/{space}/{dataset}.parquet",
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
        code=code_of_benchmark("ranker baselines", spaces=True),
        lock=lock,
        training=training_options(study.ranker.sizes),
        held_out=study.ranker.held_out,
    message:
        "ranking cells of {wildcards.space}/{wildcards.dataset} by plain predictors,"
        " seed {wildcards.first}"
    shell:
        "ednag --record {output.record:q}"
        " ranker baselines --table {input.table:q} {params.training:q}"
        " --held-out {params.held_out} --seed {wildcards.first} --output {output.file:q} 2> {log:q}"


rule ranker_study:
    input:
        table="results/tables/{space}/{dataset}.parquet",
    output:
        file="results/ranker/{space}/{dataset}/ranker-{first}.parquet",
        tiers="results/ranker/{space}/{dataset}/ranker-{first}.tiers.parquet",
        search="results/ranker/{space}/{dataset}/ranker-{first}.search.parquet",
        record=record_of("results/ranker/{space}/{dataset}/ranker-{first}.parquet"),
    log:
        "logs/ranker/{space}/{dataset}/ranker-{first}.log",
    benchmark:
        "logs/benchmarks/ranker/{space}/{dataset}/ranker-{first}.tsv"
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_benchmark("ranker study", spaces=True),
        lock=lock,
        training=training_options(study.ranker.ranker_sizes),
        held_out=study.ranker.held_out,
    message:
        "training NAR's ranker on {wildcards.space}/{wildcards.dataset},"
        " seed {wildcards.first}"
    shell:
        "ednag --record {output.record:q}"
        " ranker study --table {input.table:q} {params.training:q}"
        " --held-out {params.held_out} --seed {wildcards.first} --output {output.file:q}"
        " --tiers {output.tiers:q} --search {output.search:q} 2> {log:q}"


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
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("ranker table"),
        lock=lock,
        tiers=lambda wildcards, input: [f"--tiers={path}" for path in input.tiers],
        search=lambda wildcards, input: [f"--search={path}" for path in input.search],
        title=ranker_title,
        statistics=as_json(study.statistics.model_dump()),
    message:
        "tables of how cells of {wildcards.space}/{wildcards.dataset} are ranked"
    shell:
        "ednag --record {output.record:q}"
        " ranker table {input.judged:q} {input.baselines:q} {params.tiers:q} {params.search:q}"
        " --title {params.title:q} --statistics {params.statistics:q}"
        " --output {output.learning_csv:q} --output {output.learning_md:q}"
        " --output {output.learning_tex:q}"
        " --tiers-output {output.tiers_csv:q} --tiers-output {output.tiers_md:q}"
        " --tiers-output {output.tiers_tex:q}"
        " --search-output {output.search_csv:q} --search-output {output.search_md:q}"
        " --search-output {output.search_tex:q} 2> {log:q}"


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
