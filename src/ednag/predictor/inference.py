"""Predictions of many architectures for one dataset, in NumPy and without torch.

Each distinct state of a node, and its message multiplied by the recurrent weights of its
neighbours, is computed once for all architectures that share it. A one-hot input selects a column
of a matrix. The last layers of the graph encoder have no activation between them and are merged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ednag.errors import EdnagError
from ednag.predictor.configuration import Configuration
from ednag.predictor.parameters import Parameters

#: Decimals of a prediction. The order of sums in a matrix product depends on the machine and on the
#: batch, with differences near 1e-16; rounding hides them except for one value in some millions.
DECIMALS = 9
#: Architectures predicted together; bounds memory to about 0.8 GB at hidden size 512.
_BATCH = 16384
#: Rows of one matrix product, so few that they stay in the processor's cache.
_ROWS = 256


#: What a predictor learns: accuracy in %, as published, or its logit, so that no output leaves the
#: range 0 to 100 %.
Target = Literal["accuracy", "logit"]
#: Measured accuracies in % are cut to these before their logit is taken, as 0 and 100 have none.
LOGIT_RANGE = (0.5, 99.5)
#: Decimals of an accuracy by logit: exp depends on the machine, with differences near 1e-14.
_LOGIT_DECIMALS = 6


@dataclass(frozen=True)
class AccuracyScale:
    """From the network's output y to accuracy in %: factor * (slope * (y + shift) + intercept).

    Attributes:
        minimum: Smaller accuracies are set to it.
        target: What the formula gives; of a logit z the accuracy is 100 / (1 + exp(-z)), rounded.
    """

    shift: float
    slope: float
    intercept: float
    factor: float = 1.0
    minimum: float = -np.inf
    target: Target = "accuracy"


#: Scales of the search in NAS-Bench-201 by dataset; other datasets have the first.
NASBENCH201_SCALES = {
    "nasbench201": AccuracyScale(0.10, 550, 40),
    "nasbench201-aircraft": AccuracyScale(0.10, 550, 40, factor=0.92),
    "nasbench201-pets": AccuracyScale(0.10, 550, 40, factor=1.04),
}


def targets_of(accuracy: np.ndarray, target: Target) -> np.ndarray:
    """What is learnt of accuracies float64[n] in %, before it is normalised."""
    if target == "accuracy":
        return accuracy
    share = accuracy.clip(*LOGIT_RANGE) / 100
    return np.asarray(np.log(share / (1 - share)))


def training_scale(mean: float, std: float, target: Target = "accuracy") -> AccuracyScale:
    """The inverse of the training target (t - mean) / std / 100 of `targets_of` accuracies t."""
    return AccuracyScale(0, 100 * std, mean, target=target)


def mobilenetv3_scale(mean: float, std: float) -> AccuracyScale:
    """100 y std + mean, never below 0; mean and std in %, of an unpublished file."""
    return AccuracyScale(0, 100 * std, mean, minimum=0)


def to_accuracy(y: np.ndarray, scale: AccuracyScale) -> np.ndarray:
    """Accuracy in %, float64[n], of network outputs float64[n]."""
    value = ((y + scale.shift) * scale.slope + scale.intercept) * scale.factor
    if scale.target == "logit":
        return np.asarray((50 + 50 * np.tanh(value / 2)).round(_LOGIT_DECIMALS))
    return np.maximum(value, scale.minimum)


class QuickPredictor:
    """A trained predictor, prepared for many predictions."""

    def __init__(self, parameters: Parameters, configuration: Configuration) -> None:
        """Prepare the matrices from parameters float32 by name; see `check_parameters`."""
        wide = {name: np.asarray(each, dtype=np.float64) for name, each in parameters.items()}
        hidden, latent = configuration.hidden, configuration.latent
        self.configuration = configuration
        folded = wide["fc1.weight"] @ wide["hg_unify.0.weight"]
        self._walks = [
            _Walk(wide, "forward", configuration, folded[:, :hidden].T),
            _Walk(wide, "backward", configuration, folded[:, hidden:].T),
        ]
        self._encoding_bias = wide["fc1.weight"] @ wide["hg_unify.0.bias"] + wide["fc1.bias"]
        self._of_dataset = wide["pred_fc.0.weight"][:, :latent]
        self._of_graph = wide["pred_fc.0.weight"][:, latent:].T
        self._head_bias = wide["pred_fc.0.bias"]
        self._last, self._last_bias = wide["pred_fc.2.weight"][0], wide["pred_fc.2.bias"][0]

    def __call__(self, dataset_encoding: np.ndarray, node_types: np.ndarray) -> np.ndarray:
        """Network outputs y float64[n], rounded to DECIMALS.

        A value does not depend on the other architectures of the batch.

        Args:
            dataset_encoding: float64[latent].
            node_types: int[n, V] as `node_types_of` gives them.

        Raises:
            EdnagError: Encoding or node types do not fit the configuration.
        """
        _refuse(self.configuration, dataset_encoding, node_types)
        of_dataset = self._of_dataset @ dataset_encoding + self._head_bias
        predictions = [np.empty(0)]
        for start in range(0, len(node_types), _BATCH):
            encoding = self.encode_graphs(node_types[start : start + _BATCH])
            hidden = np.tanh(encoding @ self._of_graph + of_dataset)
            predictions.append(hidden @ self._last + self._last_bias)
        # Adding 0 turns a -0 into a 0.
        return np.concatenate(predictions).round(DECIMALS) + 0.0

    def encode_graphs(self, node_types: np.ndarray) -> np.ndarray:
        """Graph encodings float64[n, latent] of node types int[n, V], n at least 1; not rounded."""
        there, back = (walk.last_states(node_types) for walk in self._walks)
        return self._encoding_bias + there + back


def _refuse(
    configuration: Configuration, dataset_encoding: np.ndarray, node_types: np.ndarray
) -> None:
    """Raise EdnagError for inputs that do not fit the configuration."""
    if dataset_encoding.shape != (configuration.latent,):
        raise EdnagError(
            f"meta-predictor of {configuration.space}: a dataset encoding of shape "
            f"{dataset_encoding.shape}, not ({configuration.latent},); encode the dataset with the "
            "same checkpoint"
        )
    shape = (len(node_types), configuration.nodes)
    types = configuration.node_types
    if node_types.shape != shape or ((node_types < 0) | (node_types >= types)).any():
        raise EdnagError(
            f"meta-predictor of {configuration.space}: node types must be int[n, "
            f"{configuration.nodes}] in 0 to {types - 1}, found shape {node_types.shape}; "
            "make them with node_types_of"
        )


@dataclass(frozen=True)
class _Messages:
    """Messages of the distinct states of a node to its neighbours.

    Attributes:
        rows: float64[s, 4 * hidden]: message, then the message times the recurrent weights.
        of: int64[n], the state of each architecture.
    """

    rows: np.ndarray
    of: np.ndarray


class _States:
    """The distinct states of a node, by its type and by the states of its neighbours.

    Attributes:
        types: int[n], the node's type in each architecture.
        others: Messages of its neighbours.
        first: int64[s], the first architecture with each state.
        of: int64[n], the state of each architecture.
    """

    def __init__(self, types: np.ndarray, others: list[_Messages]) -> None:
        self.types, self.others = types, others
        first, of = np.unique(types, return_index=True, return_inverse=True)[1:]
        for other in others:
            # Renumbered after each neighbour, so that the numbers stay small.
            pairs = of.astype(np.int64) * len(other.rows) + other.of
            first, of = np.unique(pairs, return_index=True, return_inverse=True)[1:]
        self.first, self.of = first, of

    def received(self, some: np.ndarray) -> np.ndarray:
        """The sum float64[s, 4 * hidden] of the messages to architectures int64[s]."""
        first, *rest = self.others
        received = first.rows[first.of[some]]
        for other in rest:
            received += other.rows[other.of[some]]
        return received


class _Walk:
    """One direction of the graph encoder.

    A sigmoid is (1 + tanh(x / 2)) / 2. The matrices contain the factors 1/2, exactly, and `_state`
    returns twice the state.
    """

    def __init__(
        self,
        wide: Parameters,
        way: Literal["forward", "backward"],
        configuration: Configuration,
        columns: np.ndarray,
    ) -> None:
        """Prepare the matrices; `columns` float64[hidden, c] multiplies the last state."""
        self._hidden = hidden = configuration.hidden
        nodes = range(configuration.nodes)
        self._order = nodes if way == "forward" else nodes[::-1]
        neighbours_of = configuration.predecessors if way == "forward" else configuration.successors
        self._neighbours = [neighbours_of(node) for node in nodes]
        recurrent_bias = wide[f"grue_{way}.bias_hh"] / 2
        inputs = wide[f"grue_{way}.weight_ih"].T + wide[f"grue_{way}.bias_ih"]
        inputs[:, : 2 * hidden] = inputs[:, : 2 * hidden] / 2 + recurrent_bias[: 2 * hidden]
        both = np.concatenate([wide[f"gate_{way}.0.weight"], wide[f"mapper_{way}.0.weight"]])
        sender = both[:, hidden:].T / 2
        sender[:, :hidden] += wide[f"gate_{way}.0.bias"] / 2
        ready = np.ascontiguousarray
        # Row t: input of a node of type t to the gates, with the recurrent bias of two of them.
        self._inputs = ready(inputs)
        self._new_bias = ready(recurrent_bias[2 * hidden :])
        self._recurrent = ready(wide[f"grue_{way}.weight_hh"].T / 2)
        self._message = ready(both[:, :hidden].T / 4)
        # Row v: input of the index of node v to its messages.
        self._sender = ready(sender)
        self._columns = ready(columns / 2)

    def last_states(self, node_types: np.ndarray) -> np.ndarray:
        """The state of the last node times `columns`, float64[n, c], for node types int[n, V]."""
        messages: dict[int, _Messages] = {}
        *order, last = self._order
        for place, node in enumerate(order):
            states = _States(
                node_types[:, node], [messages[other] for other in self._neighbours[node]]
            )
            rows = np.empty((len(states.first), 4 * self._hidden))
            for block in _blocks(len(states.first)):
                self._send(node, self._state(states, block), rows[block])
            messages[node] = _Messages(rows, states.of)
            # Free the messages that no later node receives.
            needed = {
                other for later in self._order[place + 1 :] for other in self._neighbours[later]
            }
            messages = {other: each for other, each in messages.items() if other in needed}
        states = _States(node_types[:, last], [messages[other] for other in self._neighbours[last]])
        products = [
            self._state(states, block) @ self._columns for block in _blocks(len(states.first))
        ]
        return np.concatenate(products)[states.of]

    def _state(self, states: _States, block: slice) -> np.ndarray:
        """One step of the gated recurrent unit: twice the states float64[s, hidden]."""
        hidden = self._hidden
        some = states.first[block]
        gates = self._inputs[states.types[some]]
        if not states.others:
            gates[:, : 2 * hidden] = np.tanh(gates[:, : 2 * hidden])
            gates[:, 2 * hidden :] += (1 + gates[:, :hidden]) * self._new_bias
            new = np.tanh(gates[:, 2 * hidden :])
            return new - gates[:, hidden : 2 * hidden] * new
        received = states.received(some)
        message, recurrent = received[:, :hidden], received[:, hidden:]
        opening = gates[:, : 2 * hidden]
        opening += recurrent[:, : 2 * hidden]
        np.tanh(opening, out=opening)
        reset, update = opening[:, :hidden], opening[:, hidden:]
        fresh = recurrent[:, 2 * hidden :]
        fresh += self._new_bias
        reset += 1
        reset *= fresh
        new = gates[:, 2 * hidden :]
        new += reset
        np.tanh(new, out=new)
        update *= message - new
        update += message
        update += new
        return update

    def _send(self, node: int, state: np.ndarray, out: np.ndarray) -> None:
        """Write messages of doubled states float64[s, hidden] to `out` float64[s, 4 * hidden]."""
        hidden = self._hidden
        both = state @ self._message
        both += self._sender[node]
        gate, mapped = both[:, :hidden], both[:, hidden:]
        np.tanh(gate, out=gate)
        gate += 1
        np.multiply(gate, mapped, out=out[:, :hidden])
        np.matmul(out[:, :hidden], self._recurrent, out=out[:, hidden:])


def _blocks(count: int) -> Iterator[slice]:
    """Slices of at most _ROWS rows that cover range(count)."""
    return (slice(start, start + _ROWS) for start in range(0, count, _ROWS))
