"""Correctly rounded conversions in NumPy, written apart from the C++ ones."""

import numpy


def round_to_bfloat16(values):
    """Doubles in bfloat16's normal range -> the nearest bfloat16 (ties to even), as its 16 bits."""
    fraction, exponent = numpy.frexp(values)
    rounded = numpy.ldexp(numpy.rint(numpy.ldexp(fraction, 8)), exponent - 8)  # 8 significant bits
    return (rounded.astype(numpy.float32).view(numpy.uint32) >> 16).astype(numpy.uint16)


def bfloat16_to_double(bits):
    return (bits.astype(numpy.uint32) << 16).view(numpy.float32).astype(numpy.float64)


def linear(weights, models):
    """(sum of w x) / (sum of w), left to right, every step rounded to double."""
    total = numpy.zeros_like(models[0])
    for weight, model in zip(weights, models):
        total = total + weight * model
    divisor = 0.0
    for weight in weights:
        divisor = divisor + weight
    return total / divisor
