# The best of searches by prediction, trained, beside random architectures.


rule top_k:
    input:
        table=path("table"),
        runs=plan.top_k_runs,
    output:
        **made("top_k"),
    log:
        logs("top_k"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of("top-k choose"),
        lock=lock,
        seeds=format_seeds(study.top_k.runs),
        settings=lambda at: as_json(plan.settings(at, plan.top_k_methods(at))),
        k=study.top_k.k,
        random=study.top_k.random,
    message:
        "choosing the best of each search on {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag --record {output.record:q}"
        " top-k choose {input.runs:q} --table {input.table:q} --seeds {params.seeds:q}"
        " --settings {params.settings:q} --k {params.k} --random {params.random}"
        " --output {output.top_k:q} 2> {log:q}"


rule trained_small:
    input:
        chosen=path("top_k", **SMALL_WILDCARDS),
        images=SMALL_IMAGES,
    output:
        **made("trained_small"),
    log:
        logs("trained_small"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("train small"),
        lock=lock,
        sources=each_of("--source", "images", SMALL_SOURCES),
    message:
        "training the chosen and random cells on the unseen digits, seed {wildcards.first}"
    shell:
        "ednag --record {output.record:q}"
        " train small {input.chosen:q} {params.sources:q} --seed {wildcards.first}"
        " --output {output.trained_small:q} 2> {log:q}"


rule trained_network:
    input:
        chosen=path("top_k"),
        images=lambda at: map(plan.source_path, IMAGE_SOURCES[at.space, at.dataset]),
    output:
        **made("trained_network"),
    log:
        logs("trained_network"),
    conda:
        "../envs/ednag.yaml"
    resources:
        gpu=1,
        mem_mb=lambda at: training_megabytes(study, at.space, at.dataset),
        runtime=lambda at: training_minutes(study, at.space, at.dataset),
    params:
        code=code_digest("train network"),
        lock=lock,
        sources=each_of(
            "--source", "images", lambda at: IMAGE_SOURCES[at.space, at.dataset]
        ),
        recipe=lambda at: as_json(training_settings(study, at.space, at.dataset)),
        images=f"--images {study.training.images}" if study.training.images else "",
    message:
        "training architecture {wildcards.slot} of {wildcards.space}/{wildcards.dataset},"
        " seed {wildcards.first}"
    shell:
        "ednag --record {output.record:q}"
        " train network {input.chosen:q} --space {wildcards.space:q}"
        " --dataset {wildcards.dataset:q} --slot {wildcards.slot} --seed {wildcards.first}"
        " {params.sources:q} --recipe {params.recipe:q} {params.images}"
        " --output {output.trained_network:q} 2> {log:q}"


rule trained_networks:
    input:
        lambda at: plan.files("trained_network", at),
    output:
        **made("trained_networks"),
    log:
        logs("trained_networks"),
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
        " --output {output.trained_networks:q} 2> {log:q}"


rule top_k_table:
    input:
        chosen=path("top_k"),
        trained=plan.trained_files,
    output:
        **made("top_k_table"),
    log:
        logs("top_k_table"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("top-k table"),
        lock=lock,
        methods=lambda at: plan.definitions(plan.methods(at)),
        k=study.top_k.k,
        statistics=statistics,
        what=lambda at: trained_networks_note(study, at.space, at.dataset),
        trained=each_of("--trained", "trained"),
    message:
        "table of what training gave on {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag --record {output.record:q} {params.methods:q}"
        " top-k table {input.chosen:q} {params.trained:q} --k {params.k}"
        " --what {params.what:q} --statistics {params.statistics:q}"
        " --output {output.top_k_table_csv:q} --output {output.top_k_table_md:q}"
        " --output {output.top_k_table_tex:q} 2> {log:q}"


rule top_k_figure:
    input:
        chosen=path("top_k"),
        trained=plan.trained_files,
    output:
        **made("top_k_figure"),
    log:
        logs("top_k_figure"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("top-k figure"),
        lock=lock,
        methods=lambda at: plan.definitions(plan.methods(at)),
        trained=each_of("--trained", "trained"),
        folder=subpath(output[0], parent=True),
    message:
        "drawing what training gave on {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag --record {output.record:q} {params.methods:q}"
        " top-k figure {input.chosen:q} {params.trained:q}"
        " --title '{wildcards.space}/{wildcards.dataset}: best by prediction, trained'"
        " --folder {params.folder:q} 2> {log:q}"
