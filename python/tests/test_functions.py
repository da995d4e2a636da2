from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import lightlane as ll


def test_units_take_numbers_and_arrays():
    assert ll.units.dbm_to_w(0.0) == 1e-3
    assert isinstance(ll.units.power_ratio(3), float)
    array = ll.units.amplitude_ratio([[0, 20], [40, 60]])
    # 10^(dB/20) of whole decades: one rounding of pow.
    assert np.allclose(array, [[1, 10], [100, 1000]], rtol=1e-15)
    with pytest.raises(ll.ParameterError, match="db"):
        ll.units.power_ratio("x")


@given(hnp.arrays(float, hnp.array_shapes(max_dims=3), elements=st.floats(-200, 200)))
def test_decibels_are_the_inverse(db):
    assert np.allclose(ll.units.power_db(ll.units.power_ratio(db)), db, atol=1e-12)
    assert np.allclose(ll.units.amplitude_db(ll.units.amplitude_ratio(db)), db, atol=1e-12)
    assert np.allclose(ll.units.w_to_dbm(ll.units.dbm_to_w(db)), db, atol=1e-12)


@given(hnp.arrays(np.uint8, st.integers(0, 50).map(lambda n: 2 * n), elements=st.integers(0, 1)))
def test_gray_coding_and_precoding_are_invertible(bits):
    symbols = ll.patterns.gray_encode(bits)
    assert symbols.dtype == np.uint8
    assert np.array_equal(ll.patterns.gray_decode(symbols), bits)
    assert np.array_equal(ll.patterns.unprecode(ll.patterns.precode(symbols)), symbols)
    assert np.allclose(ll.patterns.levels(symbols), (2.0 * symbols - 3) / 3, atol=1e-15)


def test_prbs_has_its_period_and_balance():
    bits = ll.patterns.prbs(7, 254)
    assert np.array_equal(bits[:127], bits[127:])
    assert bits[:127].sum() == 64
    assert len(ll.patterns.ssprq()) == 65535
    assert len(ll.patterns.prbs13q()) == 8191
    assert len(ll.patterns.prbs31q(100)) == 100


@pytest.mark.parametrize("bad", [[4], [0.5], [-1], [[1]], ["a"], 3])
def test_what_is_no_symbol_is_refused(bad):
    with pytest.raises(ll.ParameterError):
        ll.patterns.precode(bad)


def test_bad_patterns_are_refused():
    with pytest.raises(ll.ParameterError):
        ll.patterns.prbs(8, 10)
    with pytest.raises(ll.ParameterError):
        ll.patterns.prbs(7, 10, seed=0)


def test_fec_figures_keep_the_shape():
    one = ll.fec.codeword_error_ratio(2.4e-4)
    many = ll.fec.codeword_error_ratio(np.full((2, 3), 2.4e-4))
    assert many.shape == (2, 3)
    assert np.all(many == one)
    # 802.3's figure for a KP4 lane at the limit of 2.4e-4, to its two digits.
    assert ll.fec.frame_loss_ratio(2.4e-4) == pytest.approx(9.2e-13, rel=6e-3)
    assert ll.fec.ber_after(ll.fec.ber_limit("kp4")) == pytest.approx(1e-15, rel=1e-9)
    with pytest.raises(ll.ParameterError, match='did you mean "kp4"'):
        ll.fec.ber_after(1e-4, code="kp5")
    with pytest.raises(ll.ParameterError, match="ber"):
        ll.fec.ber_after(np.nan)


def test_everything_public_is_listed_and_there():
    assert list(ll.__all__) == sorted(set(ll.__all__))
    for name in ll.__all__:
        assert getattr(ll, name) is not None


def test_importing_leaves_plotting_and_tables_for_later():
    code = (
        "import sys, lightlane\n"
        "print([m for m in ('matplotlib', 'xarray', 'pandas', 'skrf', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
