"""Dot products of bytes with several vectors, by the processor's own instructions for them.

Processors with AVX-512 VNNI or AVX-VNNI multiply 64 or 32 bytes with signed bytes in one
instruction. numba has no name for it, so the function is written in LLVM's language and compiled by
llvmlite, which comes with numba. A vector becomes 16-bit weights, two signed bytes each. The lanes
of a register are the low and the high bytes of all vectors, so that nothing is left to add up
across lanes, and eight pixels share each load of the weights.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PIXELS = 8  # that share a load of the weights
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
        What a product is off by at most, in products of the lengths of both vectors: five standard
        deviations of the rounding of the weights.
    """

    function: _Function
    stored: NDArray[np.uint8]
    groups: list[_Group]
    error: float

    def __call__(self, first: int, products: NDArray[np.float32]) -> None:
        """Fill the products, those of as many rows as there is room for, from `first` on."""
        if len(products) < _PIXELS:
            start, wider = min(first, len(self.stored) - _PIXELS), np.empty(_PIXELS, np.float32)
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
        and len(stored) >= _PIXELS
        and 4 <= stored.shape[1] <= _MOST_FEATURES
        and len(vectors) > 1
    )
    compiled = _compiled() if is_suited else None
    if compiled is None:
        return None
    function, lanes = compiled
    held = lanes // 2
    peaks = np.abs(vectors).max(axis=1)
    scales = np.where(peaks > 0, peaks, 1.0).astype(np.float64) / _MOST
    weights = _rounded(vectors / scales[:, np.newaxis])
    lengths = np.sqrt(np.einsum("rc,rc->r", vectors, vectors))
    deviations = 0.5 * scales  # at most, whatever the pixels are: see `_rounded`
    groups: list[_Group] = []
    for start in range(0, len(vectors), held):
        taken = np.minimum(np.arange(start, start + held), len(vectors) - 1)
        bytes_ = _laid_out(weights[taken])
        groups.append((bytes_, scales[taken].astype(np.float32), offsets[taken].astype(np.float32)))
    error = _SURE * float((deviations / np.where(lengths > 0, lengths, 1.0)).max())
    return ByteProducts(function, stored, groups, error)


def _rounded(exact: NDArray[np.float64]) -> NDArray[np.int32]:
    """Round each number up or down by chance, so that it is right on average.

    Features of equal values would all be rounded the same way, and their errors add up. Those of
    independent roundings don't: in a product with a vector of unit length they have a standard
    deviation of 1/2 at most (Hoeffding 1963, doi 10.1080/01621459.1963.10500830).
    """
    chances = np.random.default_rng(0).random(exact.shape)
    return np.clip(np.floor(exact + chances), -_MOST, _MOST).astype(np.int32)


def _laid_out(weights: NDArray[np.int32]) -> NDArray[np.int8]:
    """Return the bytes of weights, shape (R, C), in the order of the registers, (G, 2 R, 4).

    A group is of four features. Where their number is no multiple of four, the last group begins
    at the fourth feature from the end, and those that were multiplied already weigh 0.
    """
    count, features = weights.shape
    left = features % 4
    high = (weights + _BASE // 2) // _BASE
    digits = np.zeros((2 * count, features - left + 4 * (left > 0)), np.int8)
    for part, rows in ((weights - high * _BASE, slice(0, count)), (high, slice(count, None))):
        digits[rows, : features - left] = part[:, : features - left]
        if left:
            digits[rows, -left:] = part[:, -left:]
    return np.ascontiguousarray(digits.reshape(len(digits), -1, 4).swapaxes(0, 1))


@cache
def _compiled() -> tuple[_Function, int] | None:
    """Return the function and how many lanes a register has; None where there is no such."""
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
    rows = rng.integers(0, 256, (2 * _PIXELS + 3, 23), np.uint8)
    weights = rng.integers(-_MOST, _MOST, (lanes // 2, 23), np.int32, endpoint=True)
    ones, zeros = np.ones(lanes // 2, np.float32), np.zeros(lanes // 2, np.float32)
    products, laid_out = np.empty(len(rows), np.float32), _laid_out(weights)
    arrays = (rows, laid_out, ones, zeros, products)
    function(*(a.ctypes.data for a in arrays), *rows.shape, len(laid_out))
    expected = (rows.astype(np.int64) @ weights.T).max(axis=1)
    return bool(np.allclose(products, expected, rtol=1e-6, atol=64.0))


def _source(lanes: int) -> str:
    """Return the function in LLVM's language, for registers of so many lanes of 32 bits.

    It is `void best_products(stored, weights, scales, offsets, products, count, features, groups)`.
    """
    held = lanes // 2
    sums, quads = f"<{lanes} x i32>", f"<{4 * lanes} x i8>"
    integers, floats = f"<{held} x i32>", f"<{held} x float>"
    multiply = f"@llvm.x86.avx512.vpdpbusd.{32 * lanes}"
    largest = f"@llvm.vector.reduce.fmax.v{held}f32"
    low = ", ".join(f"i32 {lane}" for lane in range(held))
    high = ", ".join(f"i32 {lane}" for lane in range(held, lanes))
    base = ", ".join([f"float {_BASE}.0"] * held)
    pixels = range(_PIXELS)
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
            f"  %last_pixel = sub i64 %count, {_PIXELS}",
            "  %last_feature = sub i64 %features, 4",
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
                f"  %sum{i} = phi {sums} [zeroinitializer, %pixels], [%next_sum{i}, %group]"
                for i in pixels
            ),
            "  %usual = shl i64 %number, 2",
            "  %feature = call i64 @llvm.umin.i64(i64 %usual, i64 %last_feature)",
            f"  %weight_at = getelementptr {sums}, ptr %weights, i64 %number",
            f"  %weight = load {quads}, ptr %weight_at, align 1",
            *(
                f"  %at{i} = getelementptr i8, ptr %row{i}, i64 %feature\n"
                f"  %four{i} = load i32, ptr %at{i}, align 1\n"
                f"  %one{i} = insertelement {sums} poison, i32 %four{i}, i64 0\n"
                f"  %all{i} = shufflevector {sums} %one{i}, {sums} poison, "
                f"<{lanes} x i32> zeroinitializer\n"
                f"  %bytes{i} = bitcast {sums} %all{i} to {quads}\n"
                f"  %next_sum{i} = call {sums} {multiply}"
                f"({sums} %sum{i}, {quads} %bytes{i}, {quads} %weight)"
                for i in pixels
            ),
            "  %next_number = add i64 %number, 1",
            "  %goes_on = icmp ult i64 %next_number, %groups",
            "  br i1 %goes_on, label %group, label %end_of_groups",
            "end_of_groups:",
            *(
                f"  %low{i} = shufflevector {sums} %next_sum{i}, {sums} poison, "
                f"{integers} <{low}>\n"
                f"  %high{i} = shufflevector {sums} %next_sum{i}, {sums} poison, "
                f"{integers} <{high}>\n"
                f"  %flow{i} = sitofp {integers} %low{i} to {floats}\n"
                f"  %fhigh{i} = sitofp {integers} %high{i} to {floats}\n"
                f"  %shifted{i} = fmul contract {floats} %fhigh{i}, <{base}>\n"
                f"  %total{i} = fadd contract {floats} %shifted{i}, %flow{i}\n"
                f"  %scaled{i} = fmul contract {floats} %total{i}, %scale\n"
                f"  %moved{i} = fadd contract {floats} %scaled{i}, %offset\n"
                f"  %best{i} = call nnan float {largest}({floats} %moved{i})\n"
                f"  %index{i} = add i64 %pixel, {i}\n"
                f"  %to{i} = getelementptr float, ptr %products, i64 %index{i}\n"
                f"  store float %best{i}, ptr %to{i}, align 4"
                for i in pixels
            ),
            f"  %next_step = add i64 %step, {_PIXELS}",
            "  %is_left = icmp ult i64 %next_step, %count",
            "  br i1 %is_left, label %pixels, label %end",
            "end:",
            "  ret void",
            "}",
        ]
    )
