"""Alignment: closed forms, drawn losses, the yield of a lane."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lightlane as ll

#: Half a mode field diameter of 4.5 um, and the offset that costs 1 dB there.
RADIUS_M = 2.25e-6
ONE_DB_M = RADIUS_M * math.sqrt(0.1 * math.log(10.0))


def counted(rng, n, sigma_fiber_m, sigma_common_m, sigma_rotation_rad, n_fibers, pitch_m=127e-6):
    """Share of arrays within 1 dB: every offset written out."""
    x, y, turn = rng.normal(size=(3, n, 1))
    ex, ey = rng.normal(size=(2, n, n_fibers)) * sigma_fiber_m
    place = (np.arange(n_fibers) - (n_fibers - 1) / 2) * pitch_m
    dx = sigma_common_m * x + ex
    dy = sigma_common_m * y + place * sigma_rotation_rad * turn + ey
    return float((np.hypot(dx, dy) <= ONE_DB_M).all(axis=1).mean())


@pytest.mark.parametrize(
    ("sigma_fiber_m", "sigma_common_m", "sigma_rotation_rad", "n_fibers"),
    [
        (0.3e-6, 0.3e-6, 5e-4, 16),
        (0.2e-6, 0.5e-6, 0.0, 16),
        (0.02e-6, 0.5e-6, 1e-3, 12),
        (0.3e-6, 0.0, 1e-3, 7),
        (0.5e-6, 0.0, 0.0, 16),
        (0.0, 0.4e-6, 1e-3, 8),
    ],
)
def test_the_yield_of_an_array_is_counted(
    sigma_fiber_m, sigma_common_m, sigma_rotation_rad, n_fibers
) -> None:
    n = 200_000
    found = ll.system.alignment_yield(
        2 * RADIUS_M, 1.0, sigma_fiber_m, sigma_common_m, sigma_rotation_rad, n_fibers
    )
    rng = np.random.default_rng(5)
    share = counted(rng, n, sigma_fiber_m, sigma_common_m, sigma_rotation_rad, n_fibers)
    # Four deviations of a binomial.
    assert abs(share - found) < 4.0 * math.sqrt(found * (1.0 - found) / n)
    assert 0.01 < found < 0.99


def test_the_published_figures() -> None:
    assert ll.system.alignment_yield(9.2e-6, 1.0, 0.4e-6) > 0.999999
    assert round(ll.system.alignment_yield(4e-6, 1.0, 0.4e-6), 3) == 0.944
    assert round(ll.system.alignment_yield(4e-6, 1.0, 0.4e-6, n_fibers=18), 2) == 0.35
    mean_db = ll.system.alignment_mean_loss_db(mfd_m=4e-6, sigma_m=0.4e-6)
    assert mean_db == pytest.approx(20.0 / math.log(10.0) * 0.04, rel=1e-14)
    # One fibre is exponential, and does not tell what is common from what is its own.
    assert ll.system.alignment_yield(4e-6, 1.0, 0.4e-6) == pytest.approx(
        1.0 - math.exp(-1.0 / mean_db), rel=1e-13
    )
    split = ll.system.alignment_yield(4e-6, 1.0, 0.24e-6, sigma_common_m=0.32e-6, sigma_rotation_rad=0.01)
    assert split == pytest.approx(1.0 - math.exp(-1.0 / mean_db), rel=1e-13)


def test_the_deviation_is_the_inverse() -> None:
    for yield_, n in [(0.5, 1), (0.99, 18), (1.0 - 1e-9, 4), (1e-3, 64)]:
        sigma_m = ll.system.alignment_sigma_m(yield_, n, 1.0, 4e-6)
        assert ll.system.alignment_yield(4e-6, 1.0, sigma_m, n_fibers=n) == pytest.approx(yield_, rel=1e-9)


def test_numbers_give_numbers_and_arrays_broadcast() -> None:
    assert isinstance(ll.system.alignment_yield(4e-6, 1.0, 0.4e-6), float)
    grid = ll.system.alignment_yield(4e-6, [[0.5], [1.0]], [0.2e-6, 0.3e-6, 0.4e-6], n_fibers=4)
    assert grid.shape == (2, 3)
    assert (np.diff(grid, axis=0) > 0).all()
    assert (np.diff(grid, axis=1) < 0).all()


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"mfd_m": 0.0}, "mfd_m"),
        ({"budget_db": -1.0}, "budget_db"),
        ({"sigma_fiber_m": -1e-9}, "sigma_fiber_m"),
        ({"sigma_common_m": math.nan}, "sigma_common_m"),
        ({"sigma_rotation_rad": 0.5}, "sigma_rotation_rad"),
        ({"n_fibers": 0}, "n_fibers"),
        ({"n_fibers": 2.5}, "n_fibers"),
        ({"pitch_m": math.inf, "n_fibers": 2}, "pitch_m"),
    ],
)
def test_what_is_out_of_range_is_named(arguments, name) -> None:
    given = {"mfd_m": 4e-6, "budget_db": 1.0, "sigma_fiber_m": 0.2e-6, **arguments}
    with pytest.raises(ll.ParameterError) as caught:
        ll.system.alignment_yield(**given)
    assert caught.value.name == name


def test_a_yield_of_one_has_no_deviation() -> None:
    for yield_ in (0.0, 1.0, -0.1, 1.1, math.nan):
        with pytest.raises(ll.ParameterError, match="yield_"):
            ll.system.alignment_sigma_m(yield_, 1, 1.0, 4e-6)


def test_drawn_losses_are_those_of_the_coupler() -> None:
    alignment = ll.Alignment(sigma_fiber_m=0.3e-6, sigma_common_m=0.2e-6, sigma_rotation_rad=5e-4, n_fibers=6)
    coupler = ll.Coupler(mfd_a_m=2 * RADIUS_M)
    drawn = alignment.losses(coupler, n_arrays=50_000, seed=2)
    exact = ll.system.alignment_yield(2 * RADIUS_M, 1.0, 0.3e-6, 0.2e-6, 5e-4, 6)
    assert drawn.loss_db.shape == (50_000, 6)
    assert abs(drawn.yield_at(1.0) - exact) < 4.0 * math.sqrt(exact * (1.0 - exact) / 50_000)
    again = alignment.losses(coupler, n_arrays=50_000, seed=2, threads=1)
    np.testing.assert_array_equal(drawn.loss_db, again.loss_db)
    # More arrays begin with the same ones.
    np.testing.assert_array_equal(
        alignment.losses(coupler, n_arrays=70_000, seed=2).loss_db[:50_000], drawn.loss_db
    )
    with pytest.raises(ValueError, match="read-only"):
        drawn.loss_db[0, 0] = 0.0
    data = drawn.to_xarray()
    assert data["loss_db"].attrs["units"] == "dB"
    assert data.attrs["seed"] == 2
    # What was drawn depends on the alignment and on the coupler.
    others = (
        alignment.replace(n_fibers=5).losses(coupler, n_arrays=2),
        alignment.losses(coupler.replace(gap_m=1e-6), n_arrays=2),
        alignment.losses(coupler, n_arrays=2),
    )
    hashes = [other.to_xarray().attrs["config_hash"] for other in others]
    assert [hashed == data.attrs["config_hash"] for hashed in hashes] == [False, False, True]
    assert "mean of the worst" in drawn._repr_html_()


def test_unequal_modes_with_gap_and_tilt_lose_at_least_what_they_lose_aligned() -> None:
    coupler = ll.Coupler(mfd_a_m=9.2e-6, mfd_b_m=8e-6, gap_m=10e-6, excess_loss_db=0.3)
    still = coupler.loss_db(1.31e-6)
    tilted = ll.Alignment(sigma_fiber_m=0.3e-6, sigma_tilt_rad=0.01).losses(coupler, n_arrays=2000)
    assert (tilted.loss_db >= still - 1e-12).all()
    nothing = ll.Alignment(sigma_fiber_m=0.0).losses(coupler, n_arrays=3)
    assert nothing.loss_db.ravel().tolist() == pytest.approx([still] * 3, abs=1e-12)


def test_what_cannot_be_drawn_is_refused() -> None:
    alignment = ll.Alignment()
    with pytest.raises(ll.ParameterError, match="n_arrays"):
        alignment.losses(ll.Coupler(), n_arrays=0)
    with pytest.raises(ll.ParameterError, match="wavelength_m"):
        alignment.losses(ll.Coupler(), wavelength_m=1310.0)
    with pytest.raises(TypeError, match="Coupler"):
        alignment.losses(ll.Fiber())
    with pytest.raises(ll.ParameterError, match="n_fibers"):
        ll.Alignment(n_fibers=0)
    for bad in (0, 1.5, 2e9):
        with pytest.raises(ll.ParameterError, match=r"n_fibers = .*: must be a whole number from 1 to 1e9"):
            ll.system.alignment_sigma_m(0.9, bad, 1.0, 9.2e-6)


@pytest.fixture(scope="module")
def found() -> ll.AlignmentYield:
    alignment = ll.Alignment(sigma_fiber_m=1.2e-6, sigma_common_m=0.8e-6, sigma_rotation_rad=1e-3, n_fibers=8)
    return ll.presets.lane("cpo-dr1").alignment_yield(alignment, couplers=[0], n_arrays=20_000, seed=3)


def test_the_yield_of_a_lane_is_within_its_interval(found) -> None:
    low, high = found.yield_interval(0.9999)
    assert 0.0 < low < found.yield_ < high < 1.0
    assert low < found.integrated < high
    assert found.yield_ == pytest.approx((found.margin_db >= 0.0).mean())
    assert (np.diff(found.curve_margin_db) < 0.0).all()
    assert found.budget_db > found.configured_loss_db


def test_the_yield_of_a_lane_can_be_shown(found) -> None:
    ax = found.plot()
    assert f"{ll.presets.lane('cpo-dr1').ber_limit:.2e}" in ax.get_title()
    data = found.to_xarray()
    assert data.attrs["yield"] == found.yield_
    # The lane alone does not tell the yield.
    assert data.attrs["config_hash"] not in ("", ll.presets.lane("cpo-dr1").digest)
    assert data["margin_db"].shape == (20_000,)
    assert "loss that it bears" not in found._repr_html_()
    assert "coupling loss that the lane bears" in found._repr_html_()
    with pytest.raises(AttributeError):
        found.yield_ = 1.0


def test_a_lane_without_couplers_is_refused() -> None:
    with pytest.raises(ll.ParameterError, match="Optics"):
        ll.Lane().alignment_yield(ll.Alignment())
    lane = ll.Lane(medium=[ll.Optics(path=[ll.Fiber(length_m=10.0)])])
    with pytest.raises(ll.ParameterError, match="coupler"):
        lane.alignment_yield(ll.Alignment())
    with pytest.raises(ll.ParameterError, match="couplers"):
        ll.presets.lane("cpo-dr1").alignment_yield(ll.Alignment(), couplers=[7])
    with pytest.raises(TypeError, match="Alignment"):
        ll.presets.lane("cpo-dr1").alignment_yield(ll.Coupler())
