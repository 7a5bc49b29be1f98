"""Plain values as compact bytes and back: numbers, texts, lists, dicts, numpy arrays. No code is ever run by decoding.

One tag byte, then the value; lengths are 7-bit groups, low first (LEB128). Arrays are little-endian, arrays of bools
take a bit each. Numpy scalars come back as plain numbers.
"""

from __future__ import annotations

import struct
from math import prod
from typing import Any

import numpy as np

from qstack.errors import RunError

MAX_DEPTH = 32
"""How deep lists and dicts may be nested."""

MAX_BYTES = 1 << 30
"""Largest array, list or text that is decoded."""

_DTYPES = ("?", "|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8", "<c8", "<c16")


class CodecError(RunError):
    """A value cannot be sent, or bytes that came are no value."""


def encode(value: object) -> bytes:
    """The value as bytes: None, bool, int, float, str, bytes, list, tuple, dict with text keys, numpy array or scalar.

    Raises:
        CodecError: it holds something else, or is nested too deep.
    """
    out = bytearray()
    _write(out, value, 0)
    return bytes(out)


def decode(payload: bytes) -> Any:
    """The value that `encode` made bytes of. Arrays are writable copies.

    Raises:
        CodecError: the bytes are cut short, too long, or no value.
    """
    reader = _Reader(payload)
    value = reader.value(0)
    if reader.position != len(payload):
        raise CodecError(f"{len(payload) - reader.position} bytes follow the value; the message is damaged")
    return value


class PlainCodec:
    """`encode` and `decode` as an object, for rooms that are handed a codec."""

    def encode(self, value: object) -> bytes:
        """See `encode`."""
        return encode(value)

    def decode(self, payload: bytes) -> Any:
        """See `decode`."""
        return decode(payload)


def _write(out: bytearray, value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise CodecError(f"a value is nested more than {MAX_DEPTH} deep; send it in flatter form")
    match value:
        case None:
            out += b"N"
        case bool() | np.bool_():
            out += b"T" if value else b"F"
        case int() | np.integer():
            whole = int(value)
            _write_sized(out, b"i", whole.to_bytes(whole.bit_length() // 8 + 1, "little", signed=True))
        case float() | np.floating():
            out += b"d" + struct.pack("<d", value)
        case str():
            _write_sized(out, b"s", value.encode())
        case bytes() | bytearray():
            _write_sized(out, b"b", value)
        case list() | tuple():
            out += b"l" if isinstance(value, list) else b"t"
            _write_length(out, len(value))
            for each in value:
                _write(out, each, depth + 1)
        case dict():
            out += b"m"
            _write_length(out, len(value))
            for key, each in value.items():
                if not isinstance(key, str):
                    raise CodecError(f"a dict has the key {key!r}; keys that are sent are texts")
                _write(out, key, depth + 1)
                _write(out, each, depth + 1)
        case np.ndarray():
            _write_array(out, value)
        case _:
            raise CodecError(
                f"a {type(value).__name__} cannot be sent; send numbers, texts, bytes, lists, dicts or "
                "numpy arrays of numbers"
            )


def _write_array(out: bytearray, array: np.ndarray[Any, Any]) -> None:
    kind = "?" if array.dtype.kind == "b" else array.dtype.newbyteorder("<").str
    if kind not in _DTYPES:
        raise CodecError(f"an array of {array.dtype} cannot be sent; send arrays of bools or numbers")
    out += b"a" + bytes((_DTYPES.index(kind), array.ndim))
    for length in array.shape:
        _write_length(out, length)
    if kind == "?":
        out += np.packbits(array.ravel(), bitorder="little").tobytes()
    else:
        out += np.ascontiguousarray(array, dtype=kind).tobytes()


def _write_sized(out: bytearray, tag: bytes, body: bytes | bytearray) -> None:
    out += tag
    _write_length(out, len(body))
    out += body


def _write_length(out: bytearray, length: int) -> None:
    while length > 0x7F:
        out.append(length & 0x7F | 0x80)
        length >>= 7
    out.append(length)


class _Reader:
    """Reads values off bytes, never past their end."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.position = 0

    def value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise CodecError(f"a message is nested more than {MAX_DEPTH} deep")
        match self.take(1):
            case b"N":
                return None
            case b"T":
                return True
            case b"F":
                return False
            case b"i":
                return int.from_bytes(self.take(self.length()), "little", signed=True)
            case b"d":
                return struct.unpack("<d", self.take(8))[0]
            case b"s":
                return self.text()
            case b"b":
                return self.take(self.length())
            case b"l":
                return [self.value(depth + 1) for _ in range(self.count())]
            case b"t":
                return tuple(self.value(depth + 1) for _ in range(self.count()))
            case b"m":
                return {self.key(depth): self.value(depth + 1) for _ in range(self.count())}
            case b"a":
                return self.array()
            case tag:
                raise CodecError(f"a message has the unknown tag {tag!r}; it is damaged or of another version")

    def take(self, length: int) -> bytes:
        end = self.position + length
        if end > len(self.payload):
            raise CodecError(
                f"a message is cut short: {length} bytes expected, {len(self.payload) - self.position} there"
            )
        piece = self.payload[self.position : end]
        self.position = end
        return piece

    def length(self) -> int:
        total = 0
        for shift in range(0, 35, 7):
            byte = self.take(1)[0]
            total |= (byte & 0x7F) << shift
            if byte < 0x80:
                return total
        raise CodecError("a message has a length of more than 5 bytes; it is damaged")

    def count(self) -> int:
        """A number of elements, each of which takes at least a byte."""
        count = self.length()
        if count > len(self.payload) - self.position:
            raise CodecError(f"a message is cut short: {count} elements expected")
        return count

    def text(self) -> str:
        try:
            return self.take(self.length()).decode()
        except UnicodeDecodeError as error:
            raise CodecError(f"a message has a text that is no UTF-8: {error.reason}") from error

    def key(self, depth: int) -> str:
        key = self.value(depth + 1)
        if not isinstance(key, str):
            raise CodecError(f"a message has a dict with the key {key!r}; keys are texts")
        return key

    def array(self) -> np.ndarray[Any, Any]:
        code, dimensions = self.take(2)
        if code >= len(_DTYPES) or dimensions > MAX_DEPTH:
            raise CodecError(f"a message has an array of unknown kind {code} with {dimensions} axes")
        kind = np.dtype(_DTYPES[code])
        shape = tuple(self.length() for _ in range(dimensions))
        size = prod(shape)
        if size * kind.itemsize > MAX_BYTES:
            raise CodecError(f"a message has an array of {size} numbers, more than {MAX_BYTES} bytes")
        if kind.kind == "b":
            bits = np.frombuffer(self.take((size + 7) // 8), dtype=np.uint8)
            return np.unpackbits(bits, count=size, bitorder="little").astype(np.bool_).reshape(shape)
        return np.frombuffer(self.take(size * kind.itemsize), dtype=kind).reshape(shape).copy()
