# Verified source files into canonical benchmark tables.


rule benchmark_table:
    input:
        sources=lambda wildcards: [
            source_path(source)
            for source in definition_of(
                study, wildcards.space, wildcards.dataset
            ).sources
        ],
        generated=lambda wildcards: [
            f"results/{name}"
            for name in definition_of(
                study, wildcards.space, wildcards.dataset
            ).generated
        ],
    output:
        file="results/tables/{space}/{dataset}.parquet",
        record=record_of("results/tables/{space}/{dataset}.parquet"),
    log:
        "logs/tables/{space}/{dataset}.log",
    conda:
        "../envs/ednag.yaml"
    resources:
        mem_mb=table_memory,
    params:
        code=code_of_benchmark("tables build", spaces=True),
        lock=lock,
        sources=source_options,
        generated=generated_options,
        official=official_option,
    message:
        "building the benchmark table {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag --record {output.record:q}"
        " tables build --space {wildcards.space:q} --dataset {wildcards.dataset:q}"
        " {params.sources:q} {params.generated:q} {params.official} --output {output.file:q} 2> {log:q}"


rule sources_compared:
    input:
        lambda wildcards: [source_path(source) for source in compared[wildcards.space]],
    output:
        csv=report(
            "results/evidence/sources-{space}.csv",
            caption="captions/sources.rst",
            category="Tables",
            subcategory="{space}",
            labels={"table": "files that tell of the same table", "file": "csv"},
        ),
        md="results/evidence/sources-{space}.md",
        differences="results/evidence/sources-{space}-differences.csv",
        record=record_of("results/evidence/sources-{space}.csv"),
    log:
        "logs/evidence/sources-{space}.log",
    conda:
        "../envs/ednag.yaml"
    resources:
        mem_mb=comparison_memory,
    params:
        code=code_of_all("tables compare", spaces=True),
        lock=lock,
        sources=lambda wildcards, input: [
            f"--source={source}={path}"
            for source, path in zip(compared[wildcards.space], input, strict=True)
        ],
    message:
        "comparing the source files of {wildcards.space}"
    shell:
        "ednag --record {output.record:q}"
        " tables compare --space {wildcards.space:q} --only-given {params.sources:q}"
        " --output {output.differences:q} --summary {output.csv:q} --summary {output.md:q}"
        " 2> {log:q}"
