"""A chart of a dataset: every architecture, and those that a run evaluated, in their order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from ednag.confined import read_confined
from ednag.files import AGAIN, read_rows
from ednag.methods import get_method
from ednag.methods.storage import read_runs
from ednag.report.interactive import Chart, chosen, data_of, metric_label
from ednag.study.artefacts import artefact_named, record_path
from ednag.study.comparisons import main_methods
from ednag.tables import get_reported_metric

#: Columns of a table that an architecture costs -> label.
_COSTS = {
    "training_time": "training time (s)",
    "latency": "latency (s)",
    "flops": "FLOPs",
    "parameters": "parameters",
}
_PROTOCOL = "paper"
#: Evaluations of a run in a page, rows of a table that is shown, and architectures beside a run's.
_LONGEST, _MOST, _BESIDE = 1000, 60_000, 5000


def explored(
    root: Path, space: str, dataset: str, seeds: Mapping[str, int], link: Callable[[str], str]
) -> tuple[list[Path], Chart] | None:
    """The files that are read, and the chart; None where there is no table or no run.

    `seeds` has, of each method of the study, the seed of the run to show: runs of other studies may
    be left over. `link` gives the address of a file of the study.
    """
    path = root / artefact_named("table").path(space=space, dataset=dataset)
    files = list(_files(root, space, dataset, seeds))
    metric = get_reported_metric(space, dataset, _PROTOCOL)
    if not path.is_file() or not files:
        return None
    table = read_rows(path)
    if metric.name not in table or "key" not in table or len(table) > _MOST:
        return None
    # A cost may be the metric itself, as in a search for low latency.
    costs = {name: label for name, label in _COSTS.items() if name in {*table} - {metric.name}}
    columns = ["index", "key", metric.name, *costs]
    known = table[columns].rename(columns={metric.name: "value"})
    runs = _evaluated(files, seeds)
    if runs.empty:
        return None
    frame = runs.merge(known, on="index", how="left", sort=False)
    records = {file.as_posix(): link(record) for _, file, record in files}
    read = list(dict.fromkeys(frame.pop("file")))
    frame = frame.assign(link=runs["file"].map(records))
    label = metric_label({"space": space, "dataset": dataset, "protocol": _PROTOCOL})
    best = "max" if metric.higher_is_better else "min"
    beside = known.dropna()
    beside = beside.iloc[:: -(-len(beside) // _BESIDE) or 1]
    return [path, *map(Path, read)], _chart(beside, frame, label, costs, best)


def _files(
    root: Path, space: str, dataset: str, seeds: Mapping[str, int]
) -> Iterator[tuple[str, Path, str]]:
    """(method, a file that may hold the run of its seed, its record) of the main methods."""
    artefact = artefact_named("run")
    folder = root / artefact.path(space=space, dataset=dataset, protocol=_PROTOCOL)
    for method in main_methods(sorted(seeds, key=lambda name: (name != "ednag", name))):
        for path in sorted(folder.parents[1].glob(f"{method}/seeds-*.parquet")):
            match = artefact.pattern.fullmatch(path.relative_to(root).as_posix())
            if match and int(match["first"]) <= seeds[method] <= int(match["last"]):
                yield method, path, record_path("run", **match.groupdict())


def _evaluated(files: Sequence[tuple[str, Path, str]], seeds: Mapping[str, int]) -> pd.DataFrame:
    """What the run of each method evaluated, in order: columns run, order, index (code), file.

    One process with limits reads all files: one for each takes longer than reading does.
    """

    def read() -> pa.Table:
        found: dict[str, pd.DataFrame] = {}
        for method, path, _ in files:
            runs = [] if method in found else read_runs(path).runs
            for run in (run for run in runs if run.seed == seeds[method]):
                codes = run.codes[:_LONGEST]
                found[method] = pd.DataFrame(
                    {
                        "run": f"{get_method(method).title}, seed {run.seed}",
                        "order": range(1, len(codes) + 1),
                        "index": codes,
                        "file": path.as_posix(),
                    }
                )
        empty = pd.DataFrame({"run": [], "order": [], "index": [], "file": []})
        return pa.Table.from_pandas(pd.concat([*found.values()] or [empty], ignore_index=True))

    return read_confined(read, [path for _, path, _ in files], AGAIN).to_pandas()


def _chart(
    known: pd.DataFrame, runs: pd.DataFrame, label: str, costs: Mapping[str, str], best: str
) -> Chart:
    y = {"field": "value", "type": "quantitative", "scale": {"zero": False}, "title": label}
    numbers = ["value", *costs]
    tooltip = [{"field": name} for name in ("key", *numbers, "order", "run")]
    links = runs[["run", "link"]].drop_duplicates().to_dict("records")
    held = data_of(runs.drop(columns=["index", "link"]), [*numbers, "order"])
    run = {
        "data": {"name": "runs", "format": held["format"]},
        "transform": [
            {"filter": "datum.run == run"},
            {
                "lookup": "run",
                "from": {"data": {"values": links}, "key": "run", "fields": ["link"]},
            },
        ],
    }
    order = {"field": "order", "type": "quantitative", "title": "evaluation"}
    points: Chart = {
        "mark": {"type": "circle", "size": 36, "cursor": "pointer"},
        "encoding": {
            "y": y,
            "color": {**order, "scale": {"scheme": "viridis"}},
            "tooltip": tooltip,
            "href": {"field": "link"},
        },
    }
    in_order = {
        **run,
        "width": 620,
        "height": 260,
        "layer": [
            _with_x(points, order),
            {
                "transform": [
                    {
                        "window": [{"op": best, "field": "value", "as": "best"}],
                        "sort": [{"field": "order"}],
                    }
                ],
                "mark": {"type": "line", "interpolate": "step-after", "color": "#d55e00"},
                "encoding": {"x": order, "y": {**y, "field": "best"}},
            },
        ],
    }
    params: list[Any] = [chosen("run", "Run:", list(dict.fromkeys(runs["run"])))]
    views: list[Chart] = [in_order]
    if costs:
        params.append(chosen("cost", "Cost:", list(costs)))
        x: Chart = {
            "field": "cost_value",
            "type": "quantitative",
            "scale": {"zero": False},
            "title": "cost, as chosen below",
        }
        chosen_cost = [{"calculate": "toNumber(datum[cost])", "as": "cost_value"}]
        everything = {
            "data": data_of(known[numbers], numbers),
            "transform": chosen_cost,
            "mark": {"type": "circle", "size": 6, "color": "#7f7f7f", "opacity": 0.25},
            "encoding": {"x": x, "y": y},
        }
        among = {**run, "transform": [*run["transform"], *chosen_cost], **_with_x(points, x)}
        views.insert(0, {"width": 620, "height": 320, "layer": [everything, among]})
    return {
        "background": None,
        # Once for both views.
        "datasets": {"runs": held["values"]},
        "params": params,
        "vconcat": views,
        # Thousands of points.
        "usermeta": {"embedOptions": {"renderer": "canvas"}},
    }


def _with_x(points: Chart, x: Chart) -> Chart:
    return {**points, "encoding": {**points["encoding"], "x": x}}
