"""Packed arrays survive JSON, and nothing else is taken for one."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from qstack.application.arrays import pack, unpack


@given(
    hnp.arrays(
        dtype=st.sampled_from([np.uint8, np.bool_, np.int64, np.float64, np.dtype(">i4")]),
        shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=6),
    )
)
def test_what_is_packed_comes_back(array):
    back = unpack(json.loads(json.dumps(pack(array))))
    assert back.shape == array.shape
    assert back.dtype == array.dtype.newbyteorder("=")
    assert np.array_equal(back, array, equal_nan=array.dtype.kind == "f")


@given(
    st.one_of(
        st.none(),
        st.text(),
        st.fixed_dictionaries({"dtype": st.text(max_size=4), "shape": st.lists(st.integers(-3, 9)), "data": st.text()}),
    )
)
def test_what_is_no_packed_array_is_refused(value):
    with pytest.raises(ValueError):
        unpack(value)


def test_a_cut_or_wrongly_shaped_array_is_refused():
    good = pack(np.arange(100, dtype=np.uint8))
    for broken in ({**good, "shape": [99]}, {**good, "data": good["data"][:40]}, {**good, "dtype": "|O"}):
        with pytest.raises(ValueError):
            unpack(broken)
