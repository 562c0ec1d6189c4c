# Verified source files into canonical benchmark tables.


rule benchmark_table:
    input:
        lambda wildcards: [
            source_path(source)
            for source in get_definition(wildcards.space, wildcards.dataset).sources
        ],
    output:
        "results/tables/{space}/{dataset}.parquet",
    log:
        "logs/tables/{space}/{dataset}.log",
    conda:
        "../envs/ednag.yaml"
    params:
        sources=source_options,
    message:
        "building the benchmark table {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag tables build --space {wildcards.space:q} --dataset {wildcards.dataset:q}"
        " {params.sources:q} --output {output:q} 2> {log:q}"
