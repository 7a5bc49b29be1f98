"""Arrays inside JSON documents: small integers and flags per shot, packed."""

from __future__ import annotations

import base64
import zlib
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_MAX_BYTES = 1 << 30


def pack(array: NDArray[Any]) -> dict[str, Any]:
    """A JSON form of an array: element type, shape, and the bytes (little endian, deflated, base 64)."""
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    data = base64.b64encode(zlib.compress(little.tobytes(), 6)).decode("ascii")
    return {"dtype": little.dtype.str, "shape": list(array.shape), "data": data}


def unpack(value: Any) -> NDArray[Any]:
    """The array `pack` was given.

    Raises:
        ValueError: the value is no packed array.
    """
    if isinstance(value, np.ndarray):
        return value
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data"}:
        raise ValueError("expected an array, or an object with dtype, shape and data")
    try:
        dtype = np.dtype(str(value["dtype"]))
        shape = tuple(int(size) for size in value["shape"])
        inflate = zlib.decompressobj()
        raw = inflate.decompress(base64.b64decode(value["data"], validate=True), _MAX_BYTES)
        if dtype.kind not in "biuf" or not inflate.eof:
            raise ValueError("only whole arrays of numbers and flags are read")
        return np.frombuffer(raw, dtype=dtype).reshape(shape).astype(dtype.newbyteorder("="))
    except (TypeError, SyntaxError, zlib.error) as error:  # numpy parses some types as Python
        raise ValueError(f"not a packed array: {error}") from error


PackedArray = Annotated[
    np.ndarray[Any, np.dtype[Any]],
    BeforeValidator(unpack),
    PlainSerializer(pack, when_used="json"),
    WithJsonSchema(
        {
            "type": "object",
            "required": ["dtype", "shape", "data"],
            "properties": {
                "dtype": {"type": "string"},
                "shape": {"type": "array", "items": {"type": "integer"}},
                "data": {"type": "string", "contentEncoding": "base64"},
            },
        }
    ),
]


def _to_json(value: Any) -> Any:
    return pack(value) if isinstance(value, np.ndarray) else value


def _from_json(value: Any) -> Any:
    return unpack(value) if isinstance(value, dict) and set(value) == {"dtype", "shape", "data"} else value


ArrayOrJson = Annotated[Any, BeforeValidator(_from_json), PlainSerializer(_to_json, when_used="json")]
"""An array, packed in JSON; or any JSON value as it is."""


def jsonable(value: Any) -> Any:
    """The value with numpy scalars, tuples and inner arrays as plain JSON values; an array at the top stays an array.

    Raises:
        TypeError: something has no JSON form.
    """
    if isinstance(value, np.ndarray):
        return value
    return _plain(value)


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case np.generic():
            return value.item()
        case np.ndarray():
            return value.tolist()
        case list() | tuple():
            return [_plain(each) for each in value]
        case dict():
            return {str(name): _plain(each) for name, each in value.items()}
    raise TypeError(f"{type(value).__name__} has no JSON form")
