# Fetch a registered file, or find it in a mirror or package, and verify it. Nothing is contacted
# while the DAG is built.


rule fetch:
    output:
        ensure("resources/{source}/{file}", sha256=source_sha256),
    log:
        "logs/sources/{source}/{file}.log",
    retries: 1
    conda:
        "../envs/ednag.yaml"
    message:
        "fetching and verifying {wildcards.source}"
    shell:
        "ednag sources fetch {wildcards.source:q} --output {output:q} > {log:q} 2>&1"
