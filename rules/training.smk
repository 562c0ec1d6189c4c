# The best of searches by prediction, trained, beside random architectures.


rule top_k:
    input:
        table="results/tables/{space}/{dataset}.parquet",
        runs=top_k_runs,
    output:
        file="results/top-k/{space}/{dataset}.parquet",
        record=record_of("results/top-k/{space}/{dataset}.parquet"),
    log:
        "logs/top-k/{space}/{dataset}.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_benchmark("top-k choose", spaces=True),
        lock=lock,
        seeds=format_seeds(study.top_k.runs),
        k=study.top_k.k,
        random=study.top_k.random,
    message:
        "choosing the best of each search on {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag --record {output.record:q}"
        " top-k choose {input.runs:q} --table {input.table:q} --seeds {params.seeds:q}"
        " --k {params.k} --random {params.random} --output {output.file:q} 2> {log:q}"


rule trained_small:
    input:
        chosen="results/top-k/nasbench201/digits-unseen.parquet",
        images=small_images(),
    output:
        file="results/trained/nasbench201/digits-unseen/seed-{first}.parquet",
        record=record_of(
            "results/trained/nasbench201/digits-unseen/seed-{first}.parquet"
        ),
    log:
        "logs/trained/nasbench201/digits-unseen/seed-{first}.log",
    benchmark:
        "logs/benchmarks/trained/nasbench201/digits-unseen/seed-{first}.tsv"
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("train small"),
        lock=lock,
        sources=small_source_options,
    message:
        "training the chosen and random cells on the unseen digits, seed {wildcards.first}"
    shell:
        "ednag --record {output.record:q}"
        " train small {input.chosen:q} {params.sources:q} --seed {wildcards.first}"
        " --output {output.file:q} 2> {log:q}"


rule trained_network:
    input:
        chosen="results/top-k/{space}/{dataset}.parquet",
        images=image_sources,
    output:
        file="results/trained/{space}/{dataset}/{slot}/seed-{first}.json",
        record=record_of("results/trained/{space}/{dataset}/{slot}/seed-{first}.json"),
    log:
        "logs/trained/{space}/{dataset}/{slot}/seed-{first}.log",
    benchmark:
        "logs/benchmarks/trained/{space}/{dataset}/{slot}/seed-{first}.tsv"
    conda:
        "../envs/ednag.yaml"
    resources:
        gpu=1,
        mem_mb=training_memory,
        runtime=training_minutes,
    params:
        code=code_digest("train network"),
        lock=lock,
        sources=image_source_options,
        recipe=training_recipe,
        images=f"--images {study.training.images}" if study.training.images else "",
    message:
        "training architecture {wildcards.slot} of {wildcards.space}/{wildcards.dataset},"
        " seed {wildcards.first}"
    shell:
        "ednag --record {output.record:q}"
        " train network {input.chosen:q} --space {wildcards.space:q}"
        " --dataset {wildcards.dataset:q} --slot {wildcards.slot} --seed {wildcards.first}"
        " {params.sources:q} --recipe {params.recipe:q} {params.images}"
        " --output {output.file:q} 2> {log:q}"


rule trained_networks:
    input:
        lambda wildcards: network_files(wildcards.space, wildcards.dataset),
    output:
        file="results/trained/{space}/{dataset}/networks.parquet",
        record=record_of("results/trained/{space}/{dataset}/networks.parquet"),
    log:
        "logs/trained/{space}/{dataset}/networks.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("train gather"),
        lock=lock,
    message:
        "gathering the trained networks of {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag --record {output.record:q}"
        " train gather {input:q} --space {wildcards.space:q} --dataset {wildcards.dataset:q}"
        " --output {output.file:q} 2> {log:q}"


rule top_k_table:
    input:
        chosen="results/top-k/{space}/{dataset}.parquet",
        trained=lambda wildcards: trained_files(wildcards.space, wildcards.dataset),
    output:
        **evidence_outputs(
            "top_k",
            "top-k-{space}-{dataset}",
            "top_k",
            "Prediction",
            table="best by prediction, trained",
        ),
        record=record_of("results/evidence/top-k-{space}-{dataset}.csv"),
    log:
        "logs/evidence/top-k-{space}-{dataset}.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("top-k table"),
        lock=lock,
        k=study.top_k.k,
        statistics=as_json(study.statistics.model_dump()),
        what=trained_what,
        trained=lambda wildcards, input: [f"--trained={path}" for path in input.trained],
    message:
        "table of what training gave on {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag --record {output.record:q}"
        " top-k table {input.chosen:q} {params.trained:q} --k {params.k}"
        " --what {params.what:q} --statistics {params.statistics:q}"
        " --output {output.top_k_csv:q} --output {output.top_k_md:q}"
        " --output {output.top_k_tex:q} 2> {log:q}"


rule top_k_figure:
    input:
        chosen="results/top-k/{space}/{dataset}.parquet",
        trained=lambda wildcards: trained_files(wildcards.space, wildcards.dataset),
    output:
        **figure_outputs(
            "top_k",
            "figures/{space}/{dataset}/trained/top-k",
            "top_k",
            "Figures",
            "Prediction",
            figure="best by prediction, trained",
        ),
        record=record_of("figures/{space}/{dataset}/trained/top-k"),
    log:
        "logs/figures/{space}/{dataset}/trained/top-k.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("top-k figure"),
        lock=lock,
        trained=lambda wildcards, input: [f"--trained={path}" for path in input.trained],
        folder=lambda wildcards, output: str(Path(output[0]).parent),
    message:
        "drawing what training gave on {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag --record {output.record:q}"
        " top-k figure {input.chosen:q} {params.trained:q}"
        " --title '{wildcards.space}/{wildcards.dataset}: best by prediction, trained'"
        " --folder {params.folder:q} 2> {log:q}"
