"""Time and memory of loading a canonical benchmark table, in processes of their own.

    python benchmarks/table_loading.py [--table FILE] [--repeats N]

Without --table the widest table of the default study is built from its installed package: 15,625
architectures, 13 metrics. Counted is one call of `read_table` in a new process, imports excluded;
the median time and the largest growth of resident memory. Prints one JSON object; exits 1 where it
takes more than 50 ms or 50 MB.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

LONGEST_MS, LARGEST_MB = 50.0, 50.0
LOADING = """
import json, sys, time
from pathlib import Path
begun = time.perf_counter()
from ednag.tables.parquet import read_table
def resident():
    return int(Path('/proc/self/statm').read_text().split()[1]) * 4096 / 1e6
imported, before, start = time.perf_counter(), resident(), time.perf_counter()
table = read_table(Path(sys.argv[1]))
loaded = time.perf_counter()
print(json.dumps({
    'import_ms': (imported - begun) * 1e3,
    'load_ms': (loaded - start) * 1e3,
    'memory_mb': resident() - before,
    'architectures': len(next(iter(table.values.values()))),
    'metrics': len(table.values),
}))
"""


def build(path: Path) -> None:
    """The table of the package analog-nasbench."""
    from ednag.sources.obtain import obtain
    from ednag.sources.registry import find_source, load_registry
    from ednag.tables import get_definition
    from ednag.tables.parquet import write_benchmark

    definition = get_definition("nasbench201", "cifar10-analog")
    registry = load_registry()
    paths = {name: obtain(find_source(registry, name)) for name in definition.sources}
    write_benchmark(definition.build(paths, {}), path)


def load(path: Path) -> dict[str, float]:
    """What one new process measures."""
    command = [sys.executable, "-c", LOADING, str(path)]
    measured: dict[str, float] = json.loads(subprocess.check_output(command))
    return measured


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path)
    parser.add_argument("--repeats", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.table or Path(folder) / "table.parquet"
        if chosen.table is None:
            build(path)
        runs = [load(path) for _ in range(chosen.repeats)]
        result = {
            "architectures": runs[0]["architectures"],
            "metrics": runs[0]["metrics"],
            "file_bytes": path.stat().st_size,
            "import_ms": round(statistics.median(run["import_ms"] for run in runs), 1),
            "load_ms": round(statistics.median(run["load_ms"] for run in runs), 2),
            "memory_mb": round(max(run["memory_mb"] for run in runs), 1),
        }
    print(json.dumps(result, indent=2))
    sys.exit(result["load_ms"] > LONGEST_MS or result["memory_mb"] > LARGEST_MB)


if __name__ == "__main__":
    main()
