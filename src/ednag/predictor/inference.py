"""Predictions of many architectures for one dataset, in NumPy and without torch.

The state of a node depends on its own type and on those of the nodes before it, nothing else. So
each distinct state is computed once, however many architectures share it, and so is what a state
tells its neighbours, multiplied by their recurrent weights already: the sum over neighbours may
come after that product. A one-hot input is a column of a matrix. The last layers of the graph
encoder have no activation between them and are one matrix.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ednag.errors import EdnagError
from ednag.predictor.configuration import Configuration
from ednag.predictor.parameters import Parameters

Precision = Literal["float64", "float32"]

#: Decimals a prediction is rounded to. A matrix product sums in an order that depends on the
#: machine and on what else is in the batch, with differences near 1e-16 (float64) or 1e-9
#: (float32). So rounding hides them but for one value in some millions (float64) or hundreds.
DECIMALS: dict[Precision, int] = {"float64": 9, "float32": 6}
#: Architectures that share states; bounds memory to about 0.8 GB at hidden size 512.
_BATCH = 16384
#: Rows of one matrix product, few enough that the steps after it find them in the cache.
_ROWS = 256


@dataclass(frozen=True)
class AccuracyScale:
    """From the network's output y to accuracy in %: factor * (slope * (y + shift) + intercept).

    Attributes:
        minimum: Smallest accuracy given; what lies below becomes it.
    """

    shift: float
    slope: float
    intercept: float
    factor: float = 1.0
    minimum: float = -np.inf


#: Scales of the search in NAS-Bench-201, by data set; data sets not named here have the first.
NASBENCH201_SCALES = {
    "nasbench201": AccuracyScale(0.10, 550, 40),
    "nasbench201-aircraft": AccuracyScale(0.10, 550, 40, factor=0.92),
    "nasbench201-pets": AccuracyScale(0.10, 550, 40, factor=1.04),
}


def training_scale(mean: float, std: float) -> AccuracyScale:
    """The inverse of the training target (accuracy - mean) / std / 100, both in %."""
    return AccuracyScale(0, 100 * std, mean)


def mobilenetv3_scale(mean: float, std: float) -> AccuracyScale:
    """100 y std + mean, never below 0; mean and std in %, of a file that nobody publishes."""
    return AccuracyScale(0, 100 * std, mean, minimum=0)


def to_accuracy(y: np.ndarray, scale: AccuracyScale) -> np.ndarray:
    """Accuracy in %, float64[n], of network outputs float64[n].

    Every scale keeps their order, down to its minimum.
    """
    accuracy = ((y + scale.shift) * scale.slope + scale.intercept) * scale.factor
    return np.maximum(accuracy, scale.minimum)


class QuickPredictor:
    """A trained predictor, ready to predict again and again."""

    def __init__(
        self,
        parameters: Parameters,
        configuration: Configuration,
        precision: Precision = "float64",
    ) -> None:
        """Bring the parameters into the form that is multiplied.

        Args:
            parameters: float32 by their names in the checkpoint; see `check_parameters`.
            precision: Of the arithmetic. "float32" takes less than half the time, for a look at
                many architectures: the last decimal may depend on the machine and on the batch.
        """
        wide = {name: np.asarray(each, dtype=np.float64) for name, each in parameters.items()}
        hidden, latent = configuration.hidden, configuration.latent
        self.configuration = configuration
        self._precision: Precision = precision
        folded = wide["fc1.weight"] @ wide["hg_unify.0.weight"]
        self._walks = [
            _Walk(wide, "forward", configuration, folded[:, :hidden].T, precision),
            _Walk(wide, "backward", configuration, folded[:, hidden:].T, precision),
        ]
        self._encoding_bias = wide["fc1.weight"] @ wide["hg_unify.0.bias"] + wide["fc1.bias"]
        self._of_dataset = wide["pred_fc.0.weight"][:, :latent]
        self._of_graph = wide["pred_fc.0.weight"][:, latent:].T
        self._head_bias = wide["pred_fc.0.bias"]
        self._last, self._last_bias = wide["pred_fc.2.weight"][0], wide["pred_fc.2.bias"][0]

    def __call__(self, dataset_encoding: np.ndarray, node_types: np.ndarray) -> np.ndarray:
        """Network outputs y float64[n], rounded to DECIMALS.

        A value depends on its architecture and on the dataset, and not on the rest of the batch.

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
        return np.concatenate(predictions).round(DECIMALS[self._precision]) + 0.0

    def encode_graphs(self, node_types: np.ndarray) -> np.ndarray:
        """Graph encodings float64[n, latent] of node types int[n, V], n at least 1; not rounded."""
        there, back = (walk.last_states(node_types) for walk in self._walks)
        return self._encoding_bias + there + back


def predict(
    parameters: Parameters,
    configuration: Configuration,
    dataset_encoding: np.ndarray,
    node_types: np.ndarray,
) -> np.ndarray:
    """Network outputs y float64[n] of one batch; see `QuickPredictor`, which is for several."""
    return QuickPredictor(parameters, configuration)(dataset_encoding, node_types)


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
class _Told:
    """What the distinct states of a node tell its neighbours.

    Attributes:
        rows: float64[s, 4 * hidden]: message, then the message times the recurrent weights.
        of: int64[n], the state of each architecture.
    """

    rows: np.ndarray
    of: np.ndarray


class _States:
    """The distinct states of a node: of its type and of the states it hears.

    Attributes:
        types: int[n], the node's type in each architecture.
        others: What the nodes that it hears tell.
        first: int64[s], for each state the first architecture that has it.
        of: int64[n], for each architecture its state.
    """

    def __init__(self, types: np.ndarray, others: list[_Told]) -> None:
        self.types, self.others = types, others
        first, of = np.unique(types, return_index=True, return_inverse=True)[1:]
        for other in others:
            # Numbered anew for each neighbour, so that the numbers stay small.
            pairs = of.astype(np.int64) * len(other.rows) + other.of
            first, of = np.unique(pairs, return_index=True, return_inverse=True)[1:]
        self.first, self.of = first, of

    def __len__(self) -> int:
        return len(self.first)

    def received(self, some: np.ndarray) -> np.ndarray:
        """The sum float64[s, 4 * hidden] of what is told to architectures int64[s]."""
        first, *rest = self.others
        received = first.rows[first.of[some]]
        for other in rest:
            received += other.rows[other.of[some]]
        return received


class _Walk:
    """One direction of the graph encoder.

    A sigmoid is (1 + tanh(x / 2)) / 2. The halves go into the matrices once, exactly, instead of
    into every value: what `_state` gives is twice the state.
    """

    def __init__(
        self,
        wide: Parameters,
        way: Literal["forward", "backward"],
        configuration: Configuration,
        columns: np.ndarray,
        precision: Precision,
    ) -> None:
        """Prepare the matrices.

        Args:
            wide: Parameters in float64.
            columns: float64[hidden, c], what the last state is multiplied with.
        """
        self._hidden = hidden = configuration.hidden
        nodes = range(configuration.nodes)
        self._order = nodes if way == "forward" else nodes[::-1]
        hears = configuration.predecessors if way == "forward" else configuration.successors
        self._heard = [hears(node) for node in nodes]
        recurrent_bias = wide[f"grue_{way}.bias_hh"] / 2
        inputs = wide[f"grue_{way}.weight_ih"].T + wide[f"grue_{way}.bias_ih"]
        inputs[:, : 2 * hidden] = inputs[:, : 2 * hidden] / 2 + recurrent_bias[: 2 * hidden]
        both = np.concatenate([wide[f"gate_{way}.0.weight"], wide[f"mapper_{way}.0.weight"]])
        teller = both[:, hidden:].T / 2
        teller[:, :hidden] += wide[f"gate_{way}.0.bias"] / 2

        def ready(matrix: np.ndarray) -> np.ndarray:
            return np.ascontiguousarray(matrix, dtype=precision)

        # Row t: what a node of type t adds to the gates, with the recurrent bias of two of them.
        self._inputs = ready(inputs)
        self._new_bias = ready(recurrent_bias[2 * hidden :])
        self._recurrent = ready(wide[f"grue_{way}.weight_hh"].T / 2)
        self._telling = ready(both[:, :hidden].T / 4)
        # Row v: what it adds that it is node v who tells.
        self._teller = ready(teller)
        self._columns = ready(columns / 2)

    def last_states(self, node_types: np.ndarray) -> np.ndarray:
        """The state of the last node times the columns, float64[n, c], of int[n, V]."""
        told: dict[int, _Told] = {}
        *order, last = self._order
        for place, node in enumerate(order):
            states = _States(node_types[:, node], [told[other] for other in self._heard[node]])
            rows = np.empty((len(states), 4 * self._hidden), dtype=self._columns.dtype)
            for block in _blocks(len(states)):
                self._tell(node, self._state(states, block), rows[block])
            told[node] = _Told(rows, states.of)
            # What nobody will hear any more makes room.
            needed = {other for later in self._order[place + 1 :] for other in self._heard[later]}
            told = {other: each for other, each in told.items() if other in needed}
        states = _States(node_types[:, last], [told[other] for other in self._heard[last]])
        found = [self._state(states, block) @ self._columns for block in _blocks(len(states))]
        return np.concatenate(found).astype(np.float64)[states.of]

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

    def _tell(self, node: int, state: np.ndarray, out: np.ndarray) -> None:
        """Write what states, float64[s, hidden] doubled, tell into `out` float64[s, 4 * hidden]."""
        hidden = self._hidden
        both = state @ self._telling
        both += self._teller[node]
        gate, mapped = both[:, :hidden], both[:, hidden:]
        np.tanh(gate, out=gate)
        gate += 1
        np.multiply(gate, mapped, out=out[:, :hidden])
        np.matmul(out[:, :hidden], self._recurrent, out=out[:, hidden:])


def _blocks(count: int) -> Iterator[slice]:
    """Slices of at most _ROWS that make up range(count)."""
    for start in range(0, count, _ROWS):
        yield slice(start, min(start + _ROWS, count))
