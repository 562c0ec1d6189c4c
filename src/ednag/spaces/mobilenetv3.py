"""MobileNetV3 of once-for-all (Cai et al., ICLR 2020): five stages of two to four layers.

A genotype has 22 positions: input, 20 layers, output. A layer is a block (kernel size 3, 5 or 7,
expansion ratio 3, 4 or 6) or `none`. The position of a `none` in its stage changes the key but not
the network. 9,963^5 (about 10^20) keys are too many for fixed codes.

Source: search-spaces specification, row mobilenetv3.
"""

import numpy as np

from ednag.spaces.interface import INVALID, LargeSpace, SearchProfile, Variable

STAGES, LAYERS = 5, 4
KERNELS, EXPANSIONS = (3, 5, 7), (3, 4, 6)
#: Blocks of a layer; an architecture is uint8[20] of indices into OPERATIONS.
BLOCKS = tuple(f"{kernel}-{expand}" for kernel in KERNELS for expand in EXPANSIONS)
OPERATIONS = (*BLOCKS, "none")
NONE = len(BLOCKS)
#: The genotype's columns.
GENOTYPE_SYMBOLS = ("input", "output", *OPERATIONS)
#: Fewest layers of a stage that are not `none`.
MIN_DEPTH = 2

_FIRST_BLOCK = GENOTYPE_SYMBOLS.index(OPERATIONS[0])
_KEYS_OF_A_STAGE = 6 * 9**2 + 4 * 9**3 + 9**4


def depths(layers: np.ndarray) -> np.ndarray:
    """Layers that are not `none` in each stage, int64[n, 5], of architectures uint8[n, 20]."""
    return (layers.reshape(-1, STAGES, LAYERS) != NONE).sum(axis=2)


class MobileNetV3(LargeSpace):
    """9,963^5 keys; genotype (22, 12), argmax per row.

    Valid if the first position is `input`, the last `output`, no other is either, and each stage
    has two layers or more.
    """

    name = "mobilenetv3"
    shape = (2 + STAGES * LAYERS, len(GENOTYPE_SYMBOLS))
    size = _KEYS_OF_A_STAGE**STAGES
    grammar = (
        f"as 20 layers joined by _, each one of {', '.join(OPERATIONS)} (kernel-expansion), at "
        "most two none in each four"
    )
    variables = tuple(
        Variable(f"stage {stage} layer {layer}", OPERATIONS)
        for stage in range(1, 1 + STAGES)
        for layer in range(1, 1 + LAYERS)
    )
    profile = SearchProfile(
        first_step_index_factor=1.0,
        init_valid_rate=0.5,
        lower_params_rate=0.3,
        hyperparameters={"population_num": 100, "mutate_distri_index": 4},
    )

    def decode(self, genotypes: np.ndarray) -> np.ndarray:
        """Codes int32[n] of genotypes float32[n, 22, 12]; `INVALID` where there is none."""
        symbols = genotypes.argmax(axis=2)
        between = symbols[:, 1:-1]
        valid = (
            (symbols[:, 0] == GENOTYPE_SYMBOLS.index("input"))
            & (symbols[:, -1] == GENOTYPE_SYMBOLS.index("output"))
            & (between >= _FIRST_BLOCK).all(axis=1)
        )
        layers = (between - _FIRST_BLOCK).astype(np.uint8)
        valid &= (depths(layers) >= MIN_DEPTH).all(axis=1)
        codes = np.full(len(genotypes), INVALID, dtype=np.int32)
        codes[valid] = self.number(layers[valid])
        return codes

    def raw_key(self, raw: int) -> str:
        """The key; the reference's string of an invalid genotype is empty."""
        return "" if raw == INVALID else self.key(raw)

    def key(self, code: int) -> str:
        """20 layers joined by _, for example 3-3_7-6_none_..."""
        return self.keys(np.array([code]))[0]

    def keys(self, codes: np.ndarray) -> list[str]:
        return ["_".join(names) for names in np.array(OPERATIONS)[self.contents(codes)].tolist()]

    def parse(self, key: str) -> int:
        """The code of a key; an unknown key gets a new code."""
        names = key.split("_")
        if len(names) != STAGES * LAYERS or not set(names) <= set(OPERATIONS):
            return INVALID
        layers = np.array([[OPERATIONS.index(name) for name in names]], dtype=np.uint8)
        if (depths(layers) < MIN_DEPTH).any():
            return INVALID
        return int(self.number(layers)[0])

    def values_of(self, codes: np.ndarray) -> np.ndarray:
        """The layers int64[n, 20]."""
        return self.contents(codes).astype(np.int64)

    def _code_of_options(self, values: np.ndarray) -> np.ndarray:
        layers = values.astype(np.uint8)
        deep = (depths(layers) >= MIN_DEPTH).all(axis=1)
        codes = np.full(len(layers), INVALID, dtype=np.int32)
        codes[deep] = self.number(layers[deep])
        return codes

    def _one_layer_changed(self, code: int) -> np.ndarray:
        """The valid architectures uint8[k, 20] that differ in one layer."""
        layers = self.contents(np.array([code]))[0]
        changed = np.repeat(layers[None], len(layers) * len(OPERATIONS), axis=0)
        layer, operation = np.divmod(np.arange(len(changed)), len(OPERATIONS))
        changed[np.arange(len(changed)), layer] = operation
        differ = (changed != layers).any(axis=1)
        return changed[differ & (depths(changed) >= MIN_DEPTH).all(axis=1)]

    def neighbours(self, code: int) -> np.ndarray:
        """The 160 to 180 keys that differ in one layer; each gets a code."""
        return np.sort(self.number(self._one_layer_changed(code)))

    def mutate(self, code: int, generator: np.random.Generator) -> int:
        """One neighbour drawn uniformly; only this one gets a code."""
        changed = self._one_layer_changed(code)
        return int(self.number(changed[[generator.integers(len(changed))]])[0])

    def sample(self, generator: np.random.Generator, count: int) -> np.ndarray:
        """Codes int32[count] drawn uniformly over all keys and independently."""
        stages = np.empty((0, LAYERS), dtype=np.uint8)
        while len(stages) < count * STAGES:
            drawn = generator.integers(
                len(OPERATIONS), size=(2 * count * STAGES, LAYERS), dtype=np.uint8
            )
            deep = (drawn != NONE).sum(axis=1) >= MIN_DEPTH
            stages = np.concatenate([stages, drawn[deep]])
        return self.number(stages[: count * STAGES].reshape(count, STAGES * LAYERS))

    def well_formed(self, count: int, state: np.random.RandomState) -> np.ndarray:
        """One-hot genotypes float32[count, 22, 12]: input, 20 layers at random, output.

        As in the reference depths are not checked, so some genotypes are invalid. The draws are
        those of one `choice` per layer.
        """
        columns = np.arange(_FIRST_BLOCK, len(GENOTYPE_SYMBOLS))
        symbols = np.empty((count, self.shape[0]), dtype=np.int64)
        symbols[:, 0] = GENOTYPE_SYMBOLS.index("input")
        symbols[:, 1:-1] = state.choice(columns, size=(count, STAGES * LAYERS))
        symbols[:, -1] = GENOTYPE_SYMBOLS.index("output")
        return np.eye(len(GENOTYPE_SYMBOLS), dtype=np.float32)[symbols]

    def omitted(self, codes: np.ndarray) -> np.ndarray:
        """Number of `none` in each key, int64[n]; 0 if invalid."""
        counts = np.zeros(len(codes), dtype=np.int64)
        valid = codes != INVALID
        counts[valid] = (self.contents(codes[valid]) == NONE).sum(axis=1)
        return counts
