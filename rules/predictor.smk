# Images into features, trained networks into a database, the database into a predictor; what it is
# worth on tasks it never saw.

SMALL_IMAGES = [plan.source_path(source) for source in SMALL_SOURCES]


rule small_features:
    input:
        images=SMALL_IMAGES,
    output:
        **made("small_features"),
    log:
        logs("small_features"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor features"),
        lock=lock,
        sources=each_of("--source", "images", SMALL_SOURCES),
    message:
        "features of the packaged digits"
    shell:
        "ednag --record {output.record:q}"
        " predictor features {params.sources:q} --output {output.small_features:q} 2> {log:q}"


OWN_IMAGES = sorted(map(str, Path(own_images).glob("*/*"))) if own_images else []


rule own_features:
    input:
        images=OWN_IMAGES,
        weights=plan.source_path("resnet18-imagenet"),
    output:
        **made("own_features"),
    log:
        logs("own_features"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor features"),
        lock=lock,
        folder=own_images,
    message:
        "features of the images in {params.folder}"
    shell:
        "ednag --record {output.record:q}"
        " predictor features --folder {params.folder:q} --weights {input.weights:q}"
        " --output {output.own_features:q} 2> {log:q}"


# By the weights that small_features uses, too: they need no download.
rule own_small_features:
    input:
        images=OWN_IMAGES,
    output:
        **made("own_small_features"),
    log:
        logs("own_small_features"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor features"),
        lock=lock,
        folder=own_images,
    message:
        "features of the images in {params.folder}, without published weights"
    shell:
        "ednag --record {output.record:q}"
        " predictor features --folder {params.folder:q}"
        " --output {output.own_small_features:q} 2> {log:q}"


rule small_database:
    input:
        images=SMALL_IMAGES,
    output:
        **made("small_database"),
    log:
        logs("small_database"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor database"),
        lock=lock,
        sources=each_of("--source", "images", SMALL_SOURCES),
        cells=lambda at: small_parts(study)[at.part][1],
    message:
        "training cells on {wildcards.part} tasks {wildcards.first} to {wildcards.last}"
    shell:
        "ednag --record {output.record:q}"
        " predictor database {params.sources:q} --part {wildcards.part:q}"
        " --seeds {wildcards.first}-{wildcards.last} --cells {params.cells}"
        " --output {output.database:q} 2> {log:q}"


rule small_predictor:
    input:
        training=plan.database("training"),
        held_out=plan.database("held-out"),
        features=path("small_features"),
    output:
        **made("small_predictor"),
    log:
        logs("small_predictor"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor fit"),
        lock=lock,
        recipe=as_json(SMALL_RECIPE),
        held_out=each_of("--held-out", "held_out"),
    message:
        "training the predictor of the small instance"
    shell:
        "ednag --record {output.record:q}"
        " predictor fit {input.training:q} {params.held_out:q} --features {input.features:q}"
        " --recipe {params.recipe:q} --checkpoint {output.small_predictor:q}.checkpoint"
        " --output {output.small_predictor:q} --curve {output.small_curve:q} 2> {log:q}"


rule published_predictor:
    input:
        entries=plan.source_path("meta-train-tasks-predictor"),
        tasks=plan.source_path("meta-train-task-lst"),
        order=plan.source_path("meta-train-tasks-predictor-idx"),
        features=plan.source_path("imagenet32-by-label"),
    output:
        **made("published_predictor"),
    log:
        logs("published_predictor"),
    conda:
        "../envs/ednag.yaml"
    resources:
        gpu=1,
    params:
        code=code_digest("predictor fit"),
        lock=lock,
    message:
        "training the predictor on the published database, 500 epochs"
    shell:
        "ednag --record {output.record:q}"
        " predictor fit --published {input.entries:q} {input.tasks:q} {input.order:q}"
        " --features {input.features:q} --device auto"
        " --checkpoint {output.published_predictor:q}.checkpoint"
        " --output {output.published_predictor:q} --curve {output.published_curve:q} 2> {log:q}"


rule small_judgement:
    input:
        predictor=path("small_predictor"),
        features=path("small_features"),
        held_out=plan.database("held-out"),
        training=plan.database("training"),
        reference=plan.database("reference"),
    output:
        **made("small_judgement"),
    log:
        logs("small_judgement"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor judge"),
        lock=lock,
        training=each_of("--training", "training"),
        reference=each_of("--reference", "reference"),
    message:
        "predicting tasks of unseen classes"
    shell:
        "ednag --record {output.record:q}"
        " predictor judge {input.held_out:q} {params.training:q} {params.reference:q}"
        " --predictor {input.predictor:q}"
        " --features {input.features:q} --output {output.judged:q}"
        " --coreset {output.coreset:q} --images {output.images:q} 2> {log:q}"


rule small_predictor_tables:
    input:
        judged=path("judged"),
        coreset=path("coreset"),
    output:
        **made("small_predictor_tables"),
    log:
        logs("small_predictor_tables"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor table"),
        lock=lock,
        statistics=statistics,
        trained_on=small_database_note(study),
    message:
        "tables of the small predictor"
    shell:
        "ednag --record {output.record:q}"
        " predictor table {input.judged:q} --coreset {input.coreset:q}"
        " --trained-on {params.trained_on:q} --statistics {params.statistics:q}"
        " --output {output.predictor_csv:q} --output {output.predictor_md:q}"
        " --output {output.predictor_tex:q} --coreset-output {output.coreset_table_csv:q}"
        " --coreset-output {output.coreset_table_md:q}"
        " --coreset-output {output.coreset_table_tex:q} 2> {log:q}"


rule small_predictor_figures:
    input:
        judged=path("judged"),
        coreset=path("coreset"),
        images=path("images"),
        curve=path("small_curve"),
    output:
        **made("small_predictor_figures"),
    log:
        logs("small_predictor_figures"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor figures"),
        lock=lock,
        folder=subpath(output[0], parent=True),
    message:
        "drawing the small predictor"
    shell:
        "ednag --record {output.record:q}"
        " predictor figures {input.judged:q} --coreset {input.coreset:q}"
        " --images {input.images:q} --curve {input.curve:q}"
        " --title 'Predictor of the small instance' --folder {params.folder:q} 2> {log:q}"
