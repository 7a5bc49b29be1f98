"""The classical channel between nodes: how values become bytes, and what carries the bytes. Imports no other room."""

from qstack.control.bus import Bus, DuplicateMessageError
from qstack.control.codec import CodecError, PlainCodec, decode, encode

__all__ = ["Bus", "CodecError", "DuplicateMessageError", "PlainCodec", "decode", "encode"]
