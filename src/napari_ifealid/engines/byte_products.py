"""Dot products of bytes with several vectors, by the processor's own instructions for them.

Processors with AVX-512 VNNI or AVX-VNNI multiply 64 or 32 bytes with signed bytes in one
instruction. numba has no name for it, so the function is written in LLVM's language and compiled by
llvmlite, which comes with numba. A vector becomes 16-bit weights, two signed bytes each: one
register has the low bytes of all vectors, another one the high bytes, for eight features each. Two
neighbouring lanes belong to a vector, so that one load of eight features of a pixel serves two
instructions, and several pixels share each load of the weights.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TOGETHER = 8  # features in a group
_PIXELS = {16: 8, 8: 4}  # that share a load of the weights, by the lanes of a register
_FEWEST = 8  # pixels
_BASE = 256  # a weight is high · base + low
_MOST = 32_639  # the largest weight with a high byte of 127 and a signed low one
_MOST_FEATURES = (2**31 - 1) // (255 * 128)  # sums of more could exceed 32 bits
_SURE = 5.0  # standard deviations: exceeded by one of 100 000 products at most

_Function = Callable[..., None]


_Group = tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.float32]]  # bytes, scales, offsets


@dataclass(frozen=True, eq=False)
class ByteProducts:
    """The largest dot product of each row of bytes with several vectors.

    Parameters
    ----------
    function : callable
        The compiled one.
    stored : array of uint8, shape (P, C)
        C-contiguous.
    groups : list of (weights, scales, offsets)
        Of as many vectors as a register holds.
    error : float
        Largest error of a product, in products of the lengths of both vectors: five standard
        deviations of the rounding of the weights.
    """

    function: _Function
    stored: NDArray[np.uint8]
    groups: list[_Group]
    error: float

    def __call__(self, first: int, products: NDArray[np.float32]) -> None:
        """Fill the products, those of as many rows as there is room for, from `first` on."""
        if len(products) < _FEWEST:
            start, wider = min(first, len(self.stored) - _FEWEST), np.empty(_FEWEST, np.float32)
            self(start, wider)
            products[:] = wider[first - start :][: len(products)]
            return
        rows, features = self.stored[first : first + len(products)], self.stored.shape[1]
        part = products
        for number, (weights, scales, offsets) in enumerate(self.groups):
            part = np.empty_like(products) if number else products
            arrays = (rows, weights, scales, offsets, part)
            self.function(*(a.ctypes.data for a in arrays), len(rows), features, len(weights))
            if number:
                np.maximum(products, part, out=products)


def byte_products(
    stored: NDArray[Any], vectors: NDArray[np.float32], offsets: NDArray[np.float32]
) -> ByteProducts | None:
    """Return the function that multiplies rows with several vectors, None where that is no faster.

    Parameters
    ----------
    stored : array, shape (P, C)
    vectors : array of float32, shape (R, C)
    offsets : array of float32, shape (R,)
        Added to the products with each.
    """
    is_suited = (
        stored.dtype == np.uint8
        and stored.flags.c_contiguous
        and len(stored) >= _FEWEST
        and _TOGETHER <= stored.shape[1] <= _MOST_FEATURES
        and len(vectors) > 1
    )
    compiled = bytes_function() if is_suited else None
    if compiled is None:
        return None
    function, lanes = compiled
    held = lanes // 2
    peaks = np.abs(vectors).max(axis=1)
    scales = np.where(peaks > 0, peaks, 1.0).astype(np.float64) / (_MOST - 1)  # `_rounded` adds 1
    weights = _rounded(vectors / scales[:, np.newaxis])
    lengths = np.sqrt(np.einsum("rc,rc->r", vectors, vectors))
    deviations = 0.5 * scales  # at most, whatever the pixels are: see `_rounded`
    groups: list[_Group] = []
    for start in range(0, len(vectors), held):
        taken = np.minimum(np.arange(start, start + held), len(vectors) - 1)
        bytes_ = _laid_out(weights[taken])
        groups.append((bytes_, _per_lane(scales[taken]), _per_lane(offsets[taken])))
    error = _SURE * float((deviations / np.where(lengths > 0, lengths, 1.0)).max())
    return ByteProducts(function, stored, groups, error)


def _per_lane(numbers: NDArray[np.floating]) -> NDArray[np.float32]:
    """Repeat a number per vector for each of its two lanes."""
    return np.repeat(numbers, 2).astype(np.float32)


def _rounded(exact: NDArray[np.float64]) -> NDArray[np.int32]:
    """Round each number up or down by chance, so that it is right on average.

    Features of equal values would all be rounded the same way, and their errors add up. Those of
    independent roundings don't: in a product with a vector of unit length they have a standard
    deviation of 1/2 at most (Hoeffding 1963, doi 10.1080/01621459.1963.10500830).
    """
    return np.floor(exact + _chances(exact.shape)).astype(np.int32)


@lru_cache(4)
def _chances(shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.random.default_rng(0).random(shape)


def _laid_out(weights: NDArray[np.int32]) -> NDArray[np.int8]:
    """Return the bytes of weights, shape (R, C), in the order of the registers, (G, 2, 2 R, 4).

    A group has eight features: a register of low bytes, then one of high bytes, each with the first
    and the last four features of a vector side by side. Where the number of features is no multiple
    of eight, the last group begins at the eighth from the end, and those that were multiplied
    already weigh 0.
    """
    count, features = weights.shape
    left = features % _TOGETHER
    if left:
        again = weights[:, -_TOGETHER:].copy()
        again[:, :-left] = 0
        weights = np.concatenate([weights[:, :-left], again], axis=1)
    # the bytes of weight + 128, of which the low one is unsigned: it is moved back by 128
    digits = (weights + _BASE // 2).astype("<i2").view(np.int8).reshape(*weights.shape, 2)
    digits[..., 0] ^= -128
    grouped = digits.reshape(count, -1, 2, 4, 2).transpose(1, 4, 0, 2, 3)
    return np.ascontiguousarray(grouped.reshape(-1, 2, 2 * count, 4))


@cache
def bytes_function() -> tuple[_Function, int] | None:
    """Return the function and how many lanes a register has; None where there is no such.

    The first call compiles it, which takes a tenth of a second.
    """
    try:
        import llvmlite.binding as llvm

        features = llvm.get_host_cpu_features()
        if features.get("avx512vnni"):
            lanes = 16
        elif features.get("avxvnni"):
            lanes = 8
        else:
            return None
        function = _compile(llvm, lanes)
    except Exception:  # llvmlite is missing, or another version knows other words
        return None
    return (function, lanes) if _is_right(function, lanes) else None


_kept: list[Any] = []  # compiled code goes when its engine does


def _compile(llvm: Any, lanes: int) -> _Function:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(_source(lanes))
    module.verify()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
    )
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    _kept.append(engine)
    kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5, *[ctypes.c_int64] * 3)
    return kind(engine.get_function_address("best_products"))


def _is_right(function: _Function, lanes: int) -> bool:
    """Return whether the function multiplies as NumPy does: trust, but verify."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 256, (2 * _FEWEST + 3, 23), np.uint8)
    weights = rng.integers(-_MOST, _MOST, (lanes // 2, 23), np.int32, endpoint=True)
    ones, zeros = np.ones(lanes, np.float32), np.zeros(lanes, np.float32)
    products, laid_out = np.empty(len(rows), np.float32), _laid_out(weights)
    arrays = (rows, laid_out, ones, zeros, products)
    function(*(a.ctypes.data for a in arrays), *rows.shape, len(laid_out))
    expected = (rows.astype(np.int64) @ weights.T).max(axis=1)
    return bool(np.allclose(products, expected, rtol=1e-6, atol=64.0))


def _source(lanes: int) -> str:
    """Return the function in LLVM's language, for registers of so many lanes of 32 bits.

    It is `void best_products(stored, weights, scales, offsets, products, count, features, groups)`.
    """
    sums, floats = f"<{lanes} x i32>", f"<{lanes} x float>"
    quads, pairs = f"<{4 * lanes} x i8>", f"<{lanes // 2} x i64>"
    multiply = f"@llvm.x86.avx512.vpdpbusd.{32 * lanes}"
    largest = f"@llvm.vector.reduce.fmax.v{lanes}f32"
    neighbours = ", ".join(f"i32 {lane ^ 1}" for lane in range(lanes))
    base = ", ".join([f"float {_BASE}.0"] * lanes)
    pixels = range(_PIXELS[lanes])
    digits = ("low", "high")
    return "\n".join(
        [
            f"declare {sums} {multiply}({sums}, {quads}, {quads})",
            f"declare float {largest}({floats})",
            "declare i64 @llvm.umin.i64(i64, i64)",
            "define void @best_products(ptr %stored, ptr %weights, ptr %scales, ptr %offsets, "
            "ptr %products, i64 %count, i64 %features, i64 %groups) {",
            "entry:",
            f"  %scale = load {floats}, ptr %scales, align 4",
            f"  %offset = load {floats}, ptr %offsets, align 4",
            f"  %last_pixel = sub i64 %count, {len(pixels)}",
            f"  %last_feature = sub i64 %features, {_TOGETHER}",
            "  br label %pixels",
            "pixels:",
            "  %step = phi i64 [0, %entry], [%next_step, %end_of_groups]",
            "  %pixel = call i64 @llvm.umin.i64(i64 %step, i64 %last_pixel)",
            "  %start = mul i64 %pixel, %features",
            "  %row0 = getelementptr i8, ptr %stored, i64 %start",
            *(
                f"  %row{i} = getelementptr i8, ptr %row{i - 1}, i64 %features"
                for i in pixels
                if i > 0
            ),
            "  br label %group",
            "group:",
            "  %number = phi i64 [0, %pixels], [%next_number, %group]",
            *(
                f"  %{digit}{i} = phi {sums} [zeroinitializer, %pixels], [%next_{digit}{i}, %group]"
                for i in pixels
                for digit in digits
            ),
            f"  %usual = mul i64 %number, {_TOGETHER}",
            "  %feature = call i64 @llvm.umin.i64(i64 %usual, i64 %last_feature)",
            "  %low_number = shl i64 %number, 1",
            "  %high_number = or i64 %low_number, 1",
            *(
                f"  %{digit}_at = getelementptr {sums}, ptr %weights, i64 %{digit}_number\n"
                f"  %{digit}_weight = load {quads}, ptr %{digit}_at, align 1"
                for digit in digits
            ),
            *(
                f"  %at{i} = getelementptr i8, ptr %row{i}, i64 %feature\n"
                f"  %eight{i} = load i64, ptr %at{i}, align 1\n"
                f"  %one{i} = insertelement {pairs} poison, i64 %eight{i}, i64 0\n"
                f"  %all{i} = shufflevector {pairs} %one{i}, {pairs} poison, "
                f"<{lanes // 2} x i32> zeroinitializer\n"
                f"  %bytes{i} = bitcast {pairs} %all{i} to {quads}\n"
                + "\n".join(
                    f"  %next_{digit}{i} = call {sums} {multiply}"
                    f"({sums} %{digit}{i}, {quads} %bytes{i}, {quads} %{digit}_weight)"
                    for digit in digits
                )
                for i in pixels
            ),
            "  %next_number = add i64 %number, 1",
            "  %goes_on = icmp ult i64 %next_number, %groups",
            "  br i1 %goes_on, label %group, label %end_of_groups",
            "end_of_groups:",
            *(
                f"  %flow{i} = sitofp {sums} %next_low{i} to {floats}\n"
                f"  %fhigh{i} = sitofp {sums} %next_high{i} to {floats}\n"
                f"  %shifted{i} = fmul contract {floats} %fhigh{i}, <{base}>\n"
                f"  %half{i} = fadd contract {floats} %shifted{i}, %flow{i}\n"
                f"  %other{i} = shufflevector {floats} %half{i}, {floats} poison, "
                f"{sums} <{neighbours}>\n"
                f"  %total{i} = fadd {floats} %half{i}, %other{i}\n"
                f"  %scaled{i} = fmul contract {floats} %total{i}, %scale\n"
                f"  %moved{i} = fadd contract {floats} %scaled{i}, %offset\n"
                f"  %best{i} = call nnan float {largest}({floats} %moved{i})\n"
                f"  %index{i} = add i64 %pixel, {i}\n"
                f"  %to{i} = getelementptr float, ptr %products, i64 %index{i}\n"
                f"  store float %best{i}, ptr %to{i}, align 4"
                for i in pixels
            ),
            f"  %next_step = add i64 %step, {len(pixels)}",
            "  %is_left = icmp ult i64 %next_step, %count",
            "  br i1 %is_left, label %pixels, label %end",
            "end:",
            "  ret void",
            "}",
        ]
    )
