"""Figures that can be explored in a page, as Vega-Lite over the CSV of the static figure."""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ednag.errors import EdnagError
from ednag.evidence.reading import read_frame
from ednag.methods import get_method
from ednag.report.material import Exhibit
from ednag.tables import get_reported_metric

Chart = dict[str, Any]
#: Of numbers in a page; the CSV has all digits.
_DIGITS = "%.6g"
#: Of a curve in a page.
_POINTS = 120
#: Colours that are told apart by most people who see fewer of them (Okabe and Ito), then others.
_COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#8c564b"),
    *("#9467bd", "#bcbd22", "#17becf", "#393b79", "#637939", "#843c39", "#7b4173"),
)
#: The legend chooses methods, a drag or the wheel the part that is shown.
_METHODS = {
    "name": "methods",
    "select": {"type": "point", "fields": ["method"]},
    "bind": "legend",
}
_ZOOM = {"name": "zoom", "select": "interval", "bind": "scales"}
_DIMMED = {"condition": {"param": "methods", "value": 1}, "value": 0.08}


def chart_of(root: Path, exhibit: Exhibit) -> str:
    """The chart of a figure as JSON for a page; "" if it has none, or no methods to choose."""
    make = _CHARTS.get(exhibit.artefact.name)
    if make is None:
        return ""
    frame = read_frame(root / exhibit.path)
    try:
        titles = {name: get_method(name).title for name in frame["method"].unique()}
        chart = make(frame.assign(method=frame["method"].map(titles)), exhibit.wildcards)
    except KeyError as error:
        raise EdnagError(
            f"{exhibit.path} has no column {error}; make it again: run the workflow"
        ) from None
    return as_text(chart)


def as_text(content: object) -> str:
    """A chart, or other content, as JSON in which no text of a study ends the script around it."""
    return json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")


def data_of(frame: pd.DataFrame, numbers: Iterable[str]) -> Chart:
    """The rows of a chart, of which some columns are numbers."""
    # Ten times as fast as `float_format` of `to_csv`.
    texts = {
        str(name): ["" if math.isnan(value) else _DIGITS % value for value in column]
        for name, column in frame.select_dtypes("float").items()
    }
    return {
        "values": frame.assign(**texts).to_csv(index=False, lineterminator="\n"),
        "format": {"type": "csv", "parse": dict.fromkeys(numbers, "number")},
    }


def chosen(name: str, label: str, options: Sequence[str]) -> Chart:
    """A parameter that a reader chooses, the first option at the beginning."""
    bind = {"input": "select", "options": list(options), "name": f"{label} "}
    return {"name": name, "value": options[0], "bind": bind}


def metric_label(wildcards: Mapping[str, str]) -> str:
    """Name and unit of what a protocol of a benchmark reports."""
    metric = get_reported_metric(*(wildcards[name] for name in ("space", "dataset", "protocol")))
    return metric.label


def _framed(frame: pd.DataFrame, numbers: Iterable[str], **parts: Any) -> Chart:
    """What all charts share: size, data, colours by method."""
    return {
        "width": "container",
        "height": 340,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "background": None,
        "data": data_of(frame, numbers),
        "config": {"range": {"category": list(_COLOURS)}, "legend": {"symbolLimit": 0}},
        **parts,
    }


def _method_colour(frame: pd.DataFrame) -> Chart:
    order = list(dict.fromkeys(frame["method"]))
    return {
        "field": "method",
        "type": "nominal",
        "sort": order,
        "legend": {
            "orient": "bottom",
            "columns": 3,
            "title": "Click or shift-click",
            "symbolOpacity": 1,
        },
    }


def _curves(frame: pd.DataFrame, wildcards: Mapping[str, str]) -> Chart:
    """The best so far of each method against what it has spent."""
    numbers = ["evaluations", "median", "quartile_low", "quartile_high", "mean", "running"]
    frame = _thinned(frame[["counted", "method", *numbers]])
    label = metric_label(wildcards)
    x = {
        "field": "evaluations",
        "type": "quantitative",
        "scale": {"type": "log"},
        "title": "spent (log scale)",
    }
    y = {"type": "quantitative", "scale": {"zero": False}, "title": label}
    colour = _method_colour(frame)
    shown = [*numbers, "method"]
    return _framed(
        frame,
        numbers,
        params=[
            chosen("counted", "Counted:", list(dict.fromkeys(frame["counted"]))),
            chosen("centre", "Line:", ["median", "mean"]),
        ],
        transform=[
            {"filter": "datum.counted == counted"},
            {"calculate": "centre == 'mean' ? datum.mean : datum.median", "as": "line"},
        ],
        layer=[
            {
                "mark": {"type": "area", "opacity": 0.12},
                "transform": [{"filter": {"param": "methods"}}],
                "encoding": {
                    "x": x,
                    "y": {"field": "quartile_low", **y},
                    "y2": {"field": "quartile_high"},
                    "color": colour,
                },
            },
            {
                "mark": {"type": "line", "interpolate": "step-after"},
                "params": [_METHODS, _ZOOM],
                "encoding": {
                    "x": x,
                    "y": {"field": "line", **y},
                    "color": colour,
                    "opacity": _DIMMED,
                },
            },
            {
                # What the pointer finds.
                "mark": {"type": "circle", "size": 80, "opacity": 0},
                "transform": [{"filter": {"param": "methods"}}],
                "encoding": {
                    "x": x,
                    "y": {"field": "line", **y},
                    "tooltip": [{"field": name} for name in shown],
                },
            },
        ],
    )


def _thinned(frame: pd.DataFrame) -> pd.DataFrame:
    """At most _POINTS rows of each curve, evenly on a logarithmic axis, the last included."""
    curves = frame.groupby(["counted", "method"], sort=False)
    places = curves.cumcount().to_numpy() + 1
    lengths = curves["method"].transform("size").to_numpy()
    slots = np.floor(_POINTS * np.log(places + 1) / np.log(lengths + 1))
    following = np.append(slots[1:], np.inf)
    return frame[(slots != following) | (places == lengths)]


def _outcomes(frame: pd.DataFrame, wildcards: Mapping[str, str]) -> Chart:
    """What each run reported, a point for each seed."""
    frame = frame[["method", "seed", "status", "outcome", "optimum", "distinct"]]
    numbers = ["outcome", "optimum", "distinct", "seed"]
    x = {"type": "quantitative", "scale": {"zero": False}, "title": metric_label(wildcards)}
    y = {
        "field": "method",
        "type": "nominal",
        "sort": list(dict.fromkeys(frame["method"])),
        "title": None,
    }
    chart = _framed(
        frame,
        numbers,
        layer=[
            {
                "mark": {"type": "rule", "strokeDash": [4, 3], "color": "#7f7f7f"},
                "encoding": {"x": {"field": "optimum", "aggregate": "max", **x}},
            },
            {
                "mark": {"type": "circle", "size": 30, "opacity": 0.5},
                "params": [{**_ZOOM, "select": {"type": "interval", "encodings": ["x"]}}],
                "encoding": {
                    "x": {"field": "outcome", **x},
                    "y": y,
                    "yOffset": {"field": "place", "type": "quantitative"},
                    "color": {**_method_colour(frame), "legend": None},
                    "tooltip": [{"field": name} for name in ("method", *numbers, "status")],
                },
            },
        ],
        # Runs of equal outcomes stand beside each other.
        transform=[{"calculate": "(datum.seed * 7919) % 101", "as": "place"}],
    )
    return {**chart, "height": 26 * frame["method"].nunique() + 40}


def _ranks(frame: pd.DataFrame, _: Mapping[str, str]) -> Chart:
    """Mean rank over all datasets at each budget."""
    # Fewer datasets: those on which no method was tuned.
    frame = frame[frame["datasets"] == frame["datasets"].max()]
    frame = frame[["budget", "method", "mean_rank", "datasets", "mark"]]
    return _framed(
        frame,
        ("budget", "mean_rank", "datasets"),
        mark={"type": "line", "point": {"size": 60}},
        params=[_METHODS],
        encoding={
            "x": {"field": "budget", "type": "ordinal", "title": "distinct evaluations"},
            "y": {
                "field": "mean_rank",
                "type": "quantitative",
                "scale": {"zero": False, "reverse": True},
                "title": "mean rank (1 is best)",
            },
            "color": _method_colour(frame),
            "opacity": _DIMMED,
            "tooltip": [{"field": name} for name in frame],
        },
    )


#: Figure -> what makes its chart of the rows of its CSV.
_CHARTS: Mapping[str, Callable[[pd.DataFrame, Mapping[str, str]], Chart]] = {
    "anytime": _curves,
    "convergence": _curves,
    "outcomes": _outcomes,
    "ranks": _ranks,
}
