"""What the jobs of finished studies took: the figures behind the resources of rules and profiles.

    python benchmarks/job_resources.py FOLDER [FOLDER ...]

Reads the run records (results/provenance) of each folder and prints, by subcommand, how many jobs
there were, the longest in seconds and the most memory in megabytes.
"""

import json
import sys
from pathlib import Path

import pandas as pd


def subcommand(command: list[str]) -> str:
    """`run`, `tables build`, ...: the words of a command up to its first argument."""
    words = []
    for word in command[1:]:
        if not word.replace("-", "").isalpha() or word.startswith("-"):
            break
        words.append(word)
    return " ".join(words[:2])


def main() -> None:
    """Print the table."""
    rows = []
    for folder in sys.argv[1:]:
        for path in sorted(Path(folder, "results", "provenance").rglob("*.json")):
            record = json.loads(path.read_text())
            if "peak_memory" in record:
                rows.append(
                    {
                        "subcommand": subcommand(record["command"]),
                        "seconds": record["seconds"],
                        "megabytes": record["peak_memory"],
                    }
                )
    if not rows:
        sys.exit("no run records; give folders in which a study has run")
    by_name = pd.DataFrame(rows).groupby("subcommand")
    table = by_name.agg(
        jobs=("seconds", "size"), longest=("seconds", "max"), memory=("megabytes", "max")
    )
    print(table.sort_values("memory", ascending=False).to_string())


if __name__ == "__main__":
    main()
