"""Values travel as bytes and come back the same; damaged bytes are refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from qstack.control import CodecError, PlainCodec, decode, encode
from qstack.errors import RunError

DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?", sizes=(32, 64)),
    hnp.complex_number_dtypes(endianness="?", sizes=(64, 128)),
)
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9))
PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), ARRAYS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.tuples(inner, inner), st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        little = a.dtype.newbyteorder("<")
        return (
            isinstance(b, np.ndarray)
            and little == b.dtype
            and np.array_equal(a.view(), b, equal_nan=a.dtype.kind in "fc")
        )
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, float) and math.isnan(a):
        return isinstance(b, float) and math.isnan(b)
    return type(a) is type(b) and a == b


@given(PLAIN)
def test_values_come_back(value: Any):
    assert same(value, decode(encode(value)))


@given(PLAIN, st.integers(0, 10**6))
def test_a_message_cut_short_is_refused(value: Any, where: int):
    payload = encode(value)
    with pytest.raises(CodecError):
        decode(payload[: where % len(payload)])
    with pytest.raises(CodecError, match="1 bytes follow"):
        decode(payload + b"N")


@given(st.binary(max_size=60))
def test_any_bytes_give_a_value_or_a_clear_error(payload: bytes):
    try:
        value = decode(payload)
    except CodecError as error:
        assert isinstance(error, RunError)
    else:
        encode(value)


def test_numpy_scalars_become_plain():
    values = [np.int8(-3), np.uint64(2**64 - 1), np.float32(0.5), np.bool_(True)]
    assert [(type(v), v) for v in decode(encode(values))] == [(int, -3), (int, 2**64 - 1), (float, 0.5), (bool, True)]


def test_bits_are_packed_and_arrays_can_be_written():
    bits = np.arange(8000) % 3 == 0
    payload = encode(bits)
    assert len(payload) < 1010
    back = decode(payload)
    assert (back == bits).all()
    back[0] = False
    ints = decode(encode(np.arange(5, dtype=np.uint8)))
    ints[0] = 9


def test_small_values_are_small():
    assert [len(encode(value)) for value in (None, True, 0, 100, 1.5, "ab", [], {"a": 1})] == [1, 1, 3, 3, 9, 4, 2, 8]


@pytest.mark.parametrize(
    ("value", "needle"),
    [
        (object(), "a object cannot be sent"),
        ({1: 2}, "keys that are sent are texts"),
        ({"a": {1, 2}}, "a set cannot be sent"),
        (np.array(["a"]), "array of <U1"),
        (np.array([object()]), "array of object"),
        (lambda: 0, "function cannot be sent"),
        (1j, "complex cannot be sent"),
    ],
)
def test_what_cannot_be_sent(value: object, needle: str):
    with pytest.raises(CodecError, match=needle):
        encode(value)


def test_nesting_has_a_floor():
    deep: list[Any] = []
    for _ in range(40):
        deep = [deep]
    with pytest.raises(CodecError, match="nested"):
        encode(deep)
    with pytest.raises(CodecError, match="nested"):
        decode(b"l\x01" * 40 + b"N")


@pytest.mark.parametrize(
    "payload",
    [
        b"a\x01\x02\xff\xff\xff\xff\x7f\xff\xff\xff\xff\x7f",  # an array of more bytes than there are
        b"a\x63\x01\x01",  # an unknown kind of number
        b"l\xff\xff\xff\xff\x0f",  # more elements than bytes
        b"s\x02\xff\xff",  # no UTF-8
        b"m\x01NN",  # a key that is no text
        b"i\xff\xff\xff\xff\xff\xff",  # a length that never ends
        b"?",
    ],
)
def test_messages_that_lie(payload: bytes):
    with pytest.raises(CodecError):
        decode(payload)


def test_the_codec_as_an_object():
    codec = PlainCodec()
    assert codec.decode(codec.encode([1, "a"])) == [1, "a"]
