# Fetch a registered file, or find it in a mirror or package, and verify it. Nothing is contacted
# while the DAG is built.


rule fetch:
    output:
        source=ensure(
            path("source"),
            sha256=lambda at: known_sha256(find_source(registry, at.source)),
        ),
        record=record_path("fetch"),
    log:
        logs("fetch"),
    retries: 1
    group:
        "sources"
    conda:
        "../envs/ednag.yaml"
    message:
        "fetching and verifying {wildcards.source}"
    shell:
        "ednag --record {output.record:q}"
        " sources fetch {wildcards.source:q} --output {output.source:q} > {log:q} 2>&1"
