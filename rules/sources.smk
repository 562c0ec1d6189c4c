# Fetch a registered file, or find it in a mirror or package, and verify it. Nothing is contacted
# while the DAG is built.


rule fetch:
    output:
        file=ensure("resources/{source}/{file}", sha256=source_sha256),
        record=record_of("resources/{source}/{file}"),
    log:
        "logs/sources/{source}/{file}.log",
    retries: 1
    conda:
        "../envs/ednag.yaml"
    message:
        "fetching and verifying {wildcards.source}"
    shell:
        "ednag --record {output.record:q}"
        " sources fetch {wildcards.source:q} --output {output.file:q} > {log:q} 2>&1"
