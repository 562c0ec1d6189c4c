# Images into features, trained networks into a database, the database into a predictor; what it is
# worth on tasks it never saw.


rule small_features:
    input:
        images=small_images(),
    output:
        file="results/features/small.pt",
        record=record_of("results/features/small.pt"),
    log:
        "logs/features/small.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor features"),
        lock=lock,
        sources=small_source_options,
    message:
        "features of the packaged digits"
    shell:
        "ednag --record {output.record:q}"
        " predictor features {params.sources:q} --output {output.file:q} 2> {log:q}"


rule own_features:
    input:
        images=own_images(),
        weights=source_path("resnet18-imagenet"),
    output:
        file="results/features/own-images.pt",
        record=record_of("results/features/own-images.pt"),
    log:
        "logs/features/own-images.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor features"),
        lock=lock,
        folder=own_images_folder(),
    message:
        "features of the images in {params.folder}"
    shell:
        "ednag --record {output.record:q}"
        " predictor features --folder {params.folder:q} --weights {input.weights:q}"
        " --output {output.file:q} 2> {log:q}"


rule small_database:
    input:
        images=small_images(),
    output:
        file="results/databases/small/{part}/seeds-{first}-{last}.parquet",
        record=record_of("results/databases/small/{part}/seeds-{first}-{last}.parquet"),
    log:
        "logs/databases/small/{part}/seeds-{first}-{last}.log",
    benchmark:
        "logs/benchmarks/databases/small/{part}/seeds-{first}-{last}.tsv"
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor database"),
        lock=lock,
        sources=small_source_options,
        cells=study.small_instance.cells,
    message:
        "training cells on {wildcards.part} tasks {wildcards.first} to {wildcards.last}"
    shell:
        "ednag --record {output.record:q}"
        " predictor database {params.sources:q} --part {wildcards.part:q}"
        " --seeds {wildcards.first}-{wildcards.last} --cells {params.cells}"
        " --output {output.file:q} 2> {log:q}"


rule small_predictor:
    input:
        training=database_parts("training"),
        held_out=database_parts("held-out"),
        features="results/features/small.pt",
    output:
        file="results/predictors/small.pt",
        curve="results/predictors/small.curve.csv",
        record=record_of("results/predictors/small.pt"),
    log:
        "logs/predictors/small.log",
    benchmark:
        "logs/benchmarks/predictors/small.tsv"
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor fit"),
        lock=lock,
        recipe=as_json(SMALL_RECIPE),
        held_out=lambda wildcards, input: [
            f"--held-out={path}" for path in input.held_out
        ],
    message:
        "training the predictor of the small instance"
    shell:
        "ednag --record {output.record:q}"
        " predictor fit {input.training:q} {params.held_out:q} --features {input.features:q}"
        " --recipe {params.recipe:q} --checkpoint {output.file:q}.checkpoint"
        " --output {output.file:q} --curve {output.curve:q} 2> {log:q}"


rule published_predictor:
    input:
        entries=source_path("meta-train-tasks-predictor"),
        tasks=source_path("meta-train-task-lst"),
        order=source_path("meta-train-tasks-predictor-idx"),
        features=source_path("imagenet32-by-label"),
    output:
        file="results/predictors/nasbench201.pt",
        curve="results/predictors/nasbench201.curve.csv",
        record=record_of("results/predictors/nasbench201.pt"),
    log:
        "logs/predictors/nasbench201.log",
    benchmark:
        "logs/benchmarks/predictors/nasbench201.tsv"
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
        " --checkpoint {output.file:q}.checkpoint"
        " --output {output.file:q} --curve {output.curve:q} 2> {log:q}"


rule small_judgement:
    input:
        predictor="results/predictors/small.pt",
        features="results/features/small.pt",
        held_out=database_parts("held-out"),
    output:
        judged="results/predictors/small.judged.parquet",
        coreset="results/predictors/small.coreset.parquet",
        images="results/predictors/small.images.parquet",
        record=record_of("results/predictors/small.judged.parquet"),
    log:
        "logs/predictors/small.judged.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor judge"),
        lock=lock,
    message:
        "predicting tasks of unseen classes"
    shell:
        "ednag --record {output.record:q}"
        " predictor judge {input.held_out:q} --predictor {input.predictor:q}"
        " --features {input.features:q} --output {output.judged:q}"
        " --coreset {output.coreset:q} --images {output.images:q} 2> {log:q}"


rule small_predictor_tables:
    input:
        judged="results/predictors/small.judged.parquet",
        coreset="results/predictors/small.coreset.parquet",
    output:
        **evidence_outputs(
            "quality", "predictor-small", "predictor", "Prediction", table="predictor"
        ),
        **evidence_outputs(
            "coreset", "coreset-small", "coreset", "Prediction", table="coreset"
        ),
        record=record_of("results/evidence/predictor-small.csv"),
    log:
        "logs/evidence/predictor-small.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor table"),
        lock=lock,
        statistics=as_json(study.statistics.model_dump()),
        trained_on=small_database_note(study),
    message:
        "tables of the small predictor"
    shell:
        "ednag --record {output.record:q}"
        " predictor table {input.judged:q} --coreset {input.coreset:q}"
        " --trained-on {params.trained_on:q} --statistics {params.statistics:q}"
        " --output {output.quality_csv:q} --output {output.quality_md:q}"
        " --output {output.quality_tex:q} --coreset-output {output.coreset_csv:q}"
        " --coreset-output {output.coreset_md:q} --coreset-output {output.coreset_tex:q}"
        " 2> {log:q}"


rule small_predictor_figures:
    input:
        judged="results/predictors/small.judged.parquet",
        coreset="results/predictors/small.coreset.parquet",
        images="results/predictors/small.images.parquet",
        curve="results/predictors/small.curve.csv",
    output:
        **predictor_figure_outputs("quality", "predicted against measured accuracy"),
        **predictor_figure_outputs("learning", "learning curve"),
        **predictor_figure_outputs("coreset", "coreset beside random images"),
        record=record_of("figures/predictors/small/quality"),
    log:
        "logs/figures/predictors/small.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("predictor figures"),
        lock=lock,
        folder=lambda wildcards, output: str(Path(output[0]).parent),
    message:
        "drawing the small predictor"
    shell:
        "ednag --record {output.record:q}"
        " predictor figures {input.judged:q} --coreset {input.coreset:q}"
        " --images {input.images:q} --curve {input.curve:q}"
        " --title 'Predictor of the small instance' --folder {params.folder:q} 2> {log:q}"
