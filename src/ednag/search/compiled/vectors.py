"""Vectors of eight numbers in compiled functions, like the registers that torch's kernels use.

The loops of torch's AVX2 kernels run over eight float32 numbers at once, which fixes the order of
every sum. `Floats` and `Ints` are eight numbers as one value of compiled code, so that the source
fixes the order and not the compiler. LLVM maps them to the registers of the machine; the results
are the same on every machine.

Compiled functions have + - * / and negation of Floats, + - * & | ^ << >> of Ints, each also with a
scalar, which is rounded to the type of the vector; and the functions below. Each operation rounds
once; only `fma` fuses two.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

#: Numbers in a vector.
LANES = 8


def padded(length: int) -> int:
    """Smallest multiple of 8 that is not below `length`."""
    return -(-length // LANES) * LANES


class VectorType(types.Type):
    """Type of eight numbers in compiled code."""

    def __init__(self, name: str, element: types.Type, llvm_element: ir.Type) -> None:
        self.element = element
        self.llvm = ir.VectorType(llvm_element, LANES)
        super().__init__(name=name)


#: Eight float32.
Floats = VectorType("Floats", types.float32, ir.FloatType())
#: Eight float64.
Doubles = VectorType("Doubles", types.float64, ir.DoubleType())
#: Eight int32.
Ints = VectorType("Ints", types.int32, ir.IntType(32))


@register_model(VectorType)
class _VectorModel(models.PrimitiveModel):
    """A vector is held as an LLVM vector."""

    def __init__(self, manager: Any, vector: VectorType) -> None:
        super().__init__(manager, vector, vector.llvm)


def _repeat(context: Any, builder: Any, value: Any, source: types.Type, vector: VectorType) -> Any:
    """LLVM vector of eight copies of a scalar, rounded to the vector's type; vectors as is."""
    if source == vector:
        return value
    value = context.cast(builder, value, source, vector.element)
    empty = ir.Constant(vector.llvm, ir.Undefined)
    first = builder.insert_element(empty, value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, empty, zeros)


def _define_operator(symbol: Callable, method: str, vector: VectorType) -> None:
    """Let a Python operator work on vectors, and on a vector and a scalar."""

    @type_callable(symbol)
    def type_operator(context: Any) -> Callable:
        def result(left: types.Type, right: types.Type) -> types.Type | None:
            pair = (left, right)
            fits = all(kind == vector or isinstance(kind, types.Number) for kind in pair)
            return vector if vector in pair and fits else None

        return result

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        operands = [
            _repeat(context, builder, value, source, vector)
            for value, source in zip(args, sig.args, strict=True)
        ]
        return getattr(builder, method)(*operands)

    for pair in ((vector, vector), (vector, types.Number), (types.Number, vector)):
        lower_builtin(symbol, *pair)(lower)


for _vector, _operators in (
    (Floats, {"add": "fadd", "sub": "fsub", "mul": "fmul", "truediv": "fdiv"}),
    (Doubles, {"add": "fadd", "sub": "fsub", "mul": "fmul", "truediv": "fdiv"}),
    (Ints, {"add": "add", "sub": "sub", "mul": "mul", "and_": "and_", "or_": "or_"}),
    (Ints, {"xor": "xor", "lshift": "shl", "rshift": "ashr"}),
):
    for _symbol, _method in _operators.items():
        _define_operator(getattr(operator, _symbol), _method, _vector)


@type_callable(operator.neg)
def _type_negation(context: Any) -> Callable:
    return lambda value: Floats if value == Floats else None


@lower_builtin(operator.neg, Floats)
def _negate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.fneg(args[0])


def _call(name: str, arguments: int) -> Callable:
    """Code generator that calls an LLVM intrinsic on float vectors, scalars repeated."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        function_type = ir.FunctionType(Floats.llvm, [Floats.llvm] * arguments)
        function = cgutils.get_or_insert_function(builder.module, function_type, f"{name}.v8f32")
        operands = [
            _repeat(context, builder, value, source, Floats)
            for value, source in zip(args, sig.args, strict=True)
        ]
        return builder.call(function, operands)

    return generate


@intrinsic
def stay_apart(typing: Any) -> Any:
    """Keep the compiled function that calls this from being inlined.

    For code that is rarely needed: it would make its callers longer and slower.
    """

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def repeat(typing: Any, value: Any) -> Any:
    """Eight copies of a scalar: Ints of an integer, else Floats."""
    vector = Ints if isinstance(value, types.Integer) else Floats

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _repeat(context, builder, args[0], sig.args[0], vector)

    return vector(value), generate


@intrinsic
def fma(typing: Any, x: Any, y: Any, z: Any) -> Any:
    """x * y + z, rounded once."""
    return Floats(x, y, z), _call("llvm.fma", 3)


@intrinsic
def sqrt(typing: Any, x: Any) -> Any:
    """Square roots, correctly rounded."""
    return Floats(x), _call("llvm.sqrt", 1)


@intrinsic
def nearest(typing: Any, x: Any) -> Any:
    """Nearest integers as Floats, halves to even."""
    return Floats(x), _call("llvm.rint", 1)


def _conversion(source: VectorType, target: VectorType, method: str) -> Callable:
    """A function of compiled code that converts a vector."""

    @intrinsic
    def convert(typing: Any, x: Any) -> Any:
        return target(source), lambda context, builder, sig, args: getattr(builder, method)(
            args[0], target.llvm
        )

    return convert


#: Floats to Ints, towards zero; Ints to Floats, rounded.
to_ints = _conversion(Floats, Ints, "fptosi")
to_floats = _conversion(Ints, Floats, "sitofp")
#: Floats to Doubles; Doubles to Floats, rounded.
widen = _conversion(Floats, Doubles, "fpext")
narrow = _conversion(Doubles, Floats, "fptrunc")
#: The bit patterns of Floats as Ints; Floats of bit patterns.
bits_of = _conversion(Floats, Ints, "bitcast")
from_bits = _conversion(Ints, Floats, "bitcast")


@intrinsic
def all_equal(typing: Any, x: Any, y: Any) -> Any:
    """Whether all eight Floats x equal those of y; False with NaN."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        equal = builder.fcmp_ordered("==", *args)
        mask = builder.bitcast(equal, ir.IntType(LANES))
        return builder.icmp_unsigned("==", mask, ir.Constant(ir.IntType(LANES), 2**LANES - 1))

    return types.boolean(Floats, Floats), generate


@intrinsic
def where_less(typing: Any, x: Any, y: Any, yes: Any, no: Any) -> Any:
    """`yes` where x < y, else `no`; these are Ints if either is, else Floats."""
    vector = Ints if Ints in (yes, no) or isinstance(yes, types.Integer) else Floats

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kinds = (Floats, Floats, vector, vector)
        left, right, one, other = (
            _repeat(context, builder, value, source, kind)
            for value, source, kind in zip(args, sig.args, kinds, strict=True)
        )
        return builder.select(builder.fcmp_ordered("<", left, right), one, other)

    return vector(x, y, yes, no), generate


@intrinsic
def where_zero(typing: Any, x: Any, yes: Any, no: Any) -> Any:
    """`yes` where the Ints x are 0, else `no`; both Floats or scalars."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        one, other = (
            _repeat(context, builder, value, source, Floats)
            for value, source in zip(args[1:], sig.args[1:], strict=True)
        )
        zero = ir.Constant(Ints.llvm, [0] * LANES)
        return builder.select(builder.icmp_signed("==", args[0], zero), one, other)

    return Floats(x, yes, no), generate


@intrinsic
def lane(typing: Any, x: Any, position: Any) -> Any:
    """One of the eight numbers."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.extract_element(args[0], args[1])

    return x.element(x, types.intp), generate


@intrinsic
def with_lane(typing: Any, x: Any, position: Any, value: Any) -> Any:
    """The eight numbers with one replaced."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.insert_element(args[0], args[2], args[1])

    return x(x, types.intp, x.element), generate


def _address(context: Any, builder: Any, kind: Any, array: Any, index: Any, vector: Any) -> Any:
    """Pointer to a vector that starts at an element of an array."""
    view = context.make_array(kind)(context, builder, array)
    shape = cgutils.unpack_tuple(builder, view.shape, kind.ndim)
    strides = cgutils.unpack_tuple(builder, view.strides, kind.ndim)
    pointer = cgutils.get_item_pointer2(
        context, builder, view.data, shape, strides, kind.layout, index, wraparound=False
    )
    return builder.bitcast(pointer, vector.llvm.as_pointer())


def _generate_load(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    array, *index = args
    pointer = _address(context, builder, sig.args[0], array, index, sig.return_type)
    return builder.load(pointer, align=4)


def _generate_store(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    array, *index, value = args
    pointer = _address(context, builder, sig.args[0], array, index, sig.args[-1])
    builder.store(value, pointer, align=4)
    return context.get_dummy_value()


def _vector_in(array: Any) -> VectorType:
    """The vector type of an array's elements."""
    return Floats if array.dtype == types.float32 else Ints


@intrinsic
def load(typing: Any, array: Any, i: Any) -> Any:
    """Eight consecutive elements of a one-dimensional array, from `i`; not checked."""
    return _vector_in(array)(array, types.intp), _generate_load


@intrinsic
def load_at(typing: Any, array: Any, i: Any, j: Any) -> Any:
    """Eight consecutive elements of row `i`, from `j`; not checked."""
    return _vector_in(array)(array, types.intp, types.intp), _generate_load


@intrinsic
def store(typing: Any, array: Any, i: Any, value: Any) -> Any:
    """Write eight consecutive elements of a one-dimensional array, from `i`; not checked."""
    return types.void(array, types.intp, value), _generate_store


@intrinsic
def store_at(typing: Any, array: Any, i: Any, j: Any, value: Any) -> Any:
    """Write eight consecutive elements of row `i`, from `j`; not checked."""
    return types.void(array, types.intp, types.intp, value), _generate_store


@intrinsic
def gather(typing: Any, table: Any, positions: Any) -> Any:
    """The elements of a one-dimensional float32 array at eight positions (Ints); not checked."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        view = context.make_array(sig.args[0])(context, builder, args[0])
        result = ir.Constant(Floats.llvm, ir.Undefined)
        for number in range(LANES):
            at = ir.Constant(ir.IntType(32), number)
            position = builder.extract_element(args[1], at)
            value = builder.load(builder.gep(view.data, [position]))
            result = builder.insert_element(result, value, at)
        return result

    return Floats(table, Ints), generate
