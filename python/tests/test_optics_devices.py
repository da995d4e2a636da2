"""Rings, electro-absorption, couplers and the closed forms of `ll.optics` against twins by scipy and numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

import lightlane as ll

RING = ll.RingModulator(q_total=5000.0, q_intrinsic=10e3, resonance_m=1310e-9)


def test_the_ring_has_its_published_figures() -> None:
    g = RING.linewidth_hz / 2
    # The digits printed.
    assert pytest.approx(45.77e9, abs=5e6) == RING.linewidth_hz
    assert g == pytest.approx(22.88e9, abs=5e6)
    assert pytest.approx(5000 / (2 * math.pi * 299792458 / 1310e-9)) == RING.photon_lifetime_s
    assert RING.bandwidth_hz(g) / RING.linewidth_hz == pytest.approx(1.4553, abs=5e-5)
    f = np.linspace(0, 80e9, 20001)
    assert 10 * np.log10(np.max(np.abs(RING.small_signal_response(f, g)) ** 2)) == pytest.approx(
        2.09, abs=5e-3
    )
    assert RING.small_signal_response(0.0, g) == 1.0


def test_the_small_signal_response_is_the_published_form_and_broadcasts() -> None:
    f, d = np.linspace(0, 100e9, 7), np.array([[5e9], [-30e9]])
    g, g_i = math.pi * 299792458 / 1310e-9 / 5000, math.pi * 299792458 / 1310e-9 / 10e3
    w, detuning = 2 * math.pi * f, 2 * math.pi * d
    wanted = (1j * w + 2 * g_i) / ((1j * w + g) ** 2 + detuning**2)
    wanted /= wanted[:, :1]
    assert RING.small_signal_response(f, d) == pytest.approx(wanted, rel=1e-12)
    # |H|^2 = 1/2 where it says.
    for detuning_hz in (1e9, 20e9, 60e9):
        h = RING.small_signal_response(RING.bandwidth_hz(detuning_hz), detuning_hz)
        assert abs(h) ** 2 == pytest.approx(0.5, rel=1e-9)


def test_the_static_curve_is_a_lorentzian_around_the_resonance() -> None:
    ring = RING.replace(q_intrinsic=20e3, loss_db=1.0)
    f0 = 299792458 / 1310e-9
    for apart_hz in (0.0, 10e9, -80e9):
        g, g_i = f0 / 10e3, f0 / 40e3
        wanted = (apart_hz**2 + (g - 2 * g_i) ** 2) / (apart_hz**2 + g**2) * 10**-0.1
        # A wavelength of 16 digits places the light within 0.1 Hz.
        assert ring.transmission(299792458 / (f0 + apart_hz)) == pytest.approx(wanted, rel=1e-9)
    v = np.linspace(-2, 2, 5)
    d = ring.detuning_hz + ring.shift_hz_per_v * v
    wavelength_m = 299792458 / (f0 - d)
    assert ring.driven_transmission(v) == pytest.approx(ring.transmission(wavelength_m), rel=1e-6)


def solved(ring, detuning_hz, light, times):
    """The coupled-mode equation by scipy, from an empty ring."""
    f0 = 299792458 / ring.resonance_m
    g, g_i = math.pi * f0 / ring.q_total, math.pi * f0 / ring.q_intrinsic

    def slope(t, a):
        return (2j * math.pi * detuning_hz(t) - g) * a + 1j * math.sqrt(2 * (g - g_i)) * light(t)

    # Amplitudes of a are 1e-6 of the light's.
    found = integrate.solve_ivp(
        slope, (0, times[-1]), [0j], t_eval=times, method="DOP853", rtol=1e-11, atol=1e-18, max_step=1e-12
    )
    return light(times) + 1j * math.sqrt(2 * (g - g_i)) * found.y[0]


def test_light_through_a_swinging_ring_is_the_equation_solved_by_scipy() -> None:
    times = np.arange(600) / 2e12

    def light(t):
        return 1 + 0.5j * np.sin(2e11 * t)

    def detuning_hz(t):
        return 16e9 + 12e9 * np.sin(2 * math.pi * 40e9 * t)

    found = RING.propagate(light(times), 2e12, detuning_hz(times))
    # Fourth order: 1e-5 at 50 samples a period, and at the first steps, which know no earlier samples.
    assert np.max(np.abs(found - solved(RING, detuning_hz, light, times))) < 2e-5


@pytest.mark.parametrize("freq_hz", [5e9, 30e9, 70e9])
def test_a_weak_swing_is_answered_by_the_small_signal_response(freq_hz) -> None:
    n, periods, weak = 128, 40, 1e5
    t = np.arange(n * periods) / (n * freq_hz)
    out = RING.propagate(np.ones(t.size), n * freq_hz, 16e9 + weak * np.cos(2 * math.pi * freq_hz * t))
    last = np.abs(out[-n:]) ** 2
    line = 2 / n * np.sum(last * np.exp(-2j * math.pi * np.arange(n) / n))
    step = 1e5
    slope = np.diff(RING.replace(shift_hz_per_v=1.0).driven_transmission([-step, step]))[0] / (2 * step)
    assert line / weak == pytest.approx(slope * RING.small_signal_response(freq_hz, 16e9), rel=1e-4)


def test_a_lossless_ring_keeps_the_energy_and_has_no_response() -> None:
    ring = RING.replace(q_intrinsic=math.inf)
    t = (np.arange(4000) - 800) / 2e12
    pulse = np.exp(-((t / 12e-12) ** 2) + 2e10j * t)
    for detuning in (0.0, 20e9, 30e9 * np.sin(1e11 * t)):
        out = ring.propagate(pulse, 2e12, detuning)
        # Fourth order: the photon lifetime is seven steps.
        assert np.sum(np.abs(out) ** 2) / np.sum(np.abs(pulse) ** 2) == pytest.approx(1.0, abs=5e-6)
    assert ring.transmission([1309.9e-9, 1310e-9]) == pytest.approx([1.0, 1.0], rel=1e-12)
    for call in (lambda: ring.small_signal_response(1e9, 1e9), lambda: ring.bandwidth_hz(0.0)):
        with pytest.raises(ll.ParameterError, match=r"q_intrinsic = inf: must be finite"):
            call()


def test_an_undetuned_ring_warns() -> None:
    with pytest.warns(UserWarning, match="detuning_hz = 0"):
        assert RING.bandwidth_hz([0.0, 1e9])[0] == pytest.approx(RING.linewidth_hz / 2)
    with pytest.warns(UserWarning, match="detuning_hz = 0"):
        RING.small_signal_response(1e9, 0.0)


@given(st.floats(0.0, 2.0), st.floats(1.0, 3.0), st.floats(0.0, 6.0))
def test_eam_figures_are_those_of_its_transmission(swing_v, exponent, loss_db) -> None:
    eam = ll.Eam(exponent=exponent, loss_db=loss_db)
    v = swing_v * np.array([-0.5, -1 / 6, 1 / 6, 0.5])
    p = eam.transmission(v)
    assert p == pytest.approx(
        10 ** (-loss_db / 10) * np.exp(-(((eam.bias_v + v) / eam.v0) ** exponent)), rel=1e-12
    )
    assert eam.oma_w(1.0, swing_v) == pytest.approx(p[0] - p[3], abs=1e-14)
    assert eam.extinction_ratio_db(swing_v) == pytest.approx(10 * math.log10(p[0] / p[3]), abs=1e-9)
    even = eam.transmission(eam.linear_drive_v(swing_v))
    assert np.diff(even) == pytest.approx((p[3] - p[0]) / 3, abs=1e-12)


def test_couplers_lose_what_their_parts_do() -> None:
    edge = ll.Coupler(mfd_b_m=6e-6, mfd_b_y_m=3e-6, offset_y_m=0.5e-6)
    parts = [ll.optics.coupling_loss_db(9.2e-6, 6e-6) / 2, ll.optics.coupling_loss_db(9.2e-6, 3e-6) / 2]
    # exp(-2 d^2/(w_a^2 + w_b^2)) in y.
    offset = 10 / math.log(10) * 2 * 0.25 / (4.6**2 + 1.5**2)
    assert edge.loss_db(1.31e-6) == pytest.approx(sum(parts) + offset, rel=1e-12)
    grating = ll.GratingCoupler(peak_loss_db=2.0, bandwidth_1db_m=40e-9, offset_x_m=1e-6)
    assert grating.loss_db(1330e-9) == pytest.approx(3.0 + ll.optics.coupling_loss_db(9.2e-6, offset_m=1e-6))
    bridge = ll.EvanescentCoupler(
        coupling_per_m=2e3, sweep_per_m2=0.0, detuning_per_m=2e3, excess_loss_db=0.2
    )
    assert bridge.loss_db() == pytest.approx(0.5 + 10 * math.log10(2))
    optics = ll.Optics(path=[grating, ll.Fiber(length_m=100.0), bridge])
    assert ll.Optics.from_toml(optics.to_toml()) == optics


def test_closed_forms_are_their_published_figures() -> None:
    assert ll.optics.wdm_crosstalk_db(200e9, 45.77e9) == pytest.approx(-18.89, abs=5e-3)
    assert abs(ll.optics.travelling_wave_response(0.0, 3e-3, 0.3)) == 1.0
    f = 1.3916 * 299792458 / (math.pi * 0.3 * 3e-3)
    assert abs(ll.optics.travelling_wave_response(f, 3e-3, 0.3)) == pytest.approx(math.sqrt(0.5), abs=2e-5)
    assert 20 * math.log10(
        abs(ll.optics.travelling_wave_response(1e9, 3e-3, rf_loss_db=6.41))
    ) == pytest.approx(-3.01, abs=0.01)
    assert ll.optics.travelling_wave_response([1e9, 2e9], 3e-3, 0.2, [1.0, 1.5]).shape == (2,)
    assert ll.optics.noise_penalty_db(0.02, 4.8e-4) == pytest.approx(0.3990, abs=5e-5)
    assert ll.optics.mpi_rms([-30.0] * 5) == pytest.approx(math.sqrt(20) * 1e-3)
    assert ll.optics.mpi_rms([[-30.0] * 3, [-math.inf] * 3], [1.0, 2.0]).shape == (2,)
    assert ll.optics.mpi_penalty_db([-26.0] * 4, [3.5, math.inf], 4.8e-4).shape == (2,)


def test_penalties_restore_the_error_ratio() -> None:
    ser = 4.8e-4
    q = stats.norm.isf(ser / 1.5)
    # One unit of own noise, OMA/6 at Q sigmas, then 1 % of relative noise at the top level of 4 dB.
    rin, bandwidth = 4e-15, 25e9
    ratio = 10**0.4
    relative = ratio / (ratio - 1) * math.sqrt(rin * bandwidth)
    oma = optimize.brentq(lambda x: x - 6 * q * math.hypot(1.0, relative * x), 6 * q, 100 * q)
    assert ll.optics.rin_penalty_db(rin, 4.0, bandwidth, ser) == pytest.approx(
        10 * math.log10(oma / (6 * q)), rel=1e-6
    )


def test_guides_are_their_coupled_modes() -> None:
    coupling, detuning, length = 1200.0, 900.0, 1.7e-3
    matrix = np.array([[detuning, coupling], [coupling, -detuning]])
    values, vectors = np.linalg.eigh(matrix)
    crossed = abs((vectors @ np.diag(np.exp(-1j * values * length)) @ vectors.T)[1, 0]) ** 2
    assert ll.optics.directional_coupler(coupling, detuning, length) == pytest.approx(crossed, rel=1e-12)
    assert ll.optics.taper_residual([0.0, 3e3], 5e7).tolist() == pytest.approx(
        [1.0, math.exp(-2 * math.pi * 9e6 / 5e7)]
    )


def test_delays_follow_maxwell() -> None:
    # Of unit mean: scale sqrt(pi/8).
    x = np.linspace(0, 6, 13)
    assert ll.optics.dgd_exceedance(x) == pytest.approx(
        stats.maxwell.sf(x, scale=math.sqrt(math.pi / 8)), rel=1e-9
    )
    f = np.linspace(0, 1e11, 5)
    shares = 0.7 + 0.3 * np.exp(-2j * math.pi * f * 4e-12)
    assert ll.optics.dgd_response(f, 4e-12, 0.3) == pytest.approx(np.abs(shares), rel=1e-12)


def test_marcuse_is_the_formula_with_bessel_functions_of_scipy() -> None:
    a, clad, delta, wavelength = 4.1e-6, 1.444, 0.0036, np.array([1.31e-6, 1.55e-6])
    for lam in wavelength:
        k, core = 2 * math.pi / lam, clad * (1 + delta)
        v = k * a * math.sqrt(core**2 - clad**2)

        def mode(u, v=v):
            w = math.sqrt(v * v - u * u)
            return u * special.j1(u) * special.k0(w) - w * special.k1(w) * special.j0(u)

        u = optimize.brentq(mode, 1e-6, min(v, special.jn_zeros(0, 1)[0]) - 1e-9, xtol=1e-15)
        kappa, gamma = u / a, math.sqrt(v * v - u * u) / a
        beta = math.sqrt((core * k) ** 2 - kappa**2)
        for radius in (5e-3, 10e-3, 20e-3):
            r = 1.28 * radius
            twice = math.sqrt(math.pi) * kappa**2 * math.exp(-2 * gamma**3 * r / (3 * beta**2))
            twice /= 2 * gamma**1.5 * v**2 * math.sqrt(r) * special.k1(gamma * a) ** 2
            found = ll.optics.bend_loss_marcuse_db_per_m(radius, a, clad, delta, lam)
            assert found == pytest.approx(10 / math.log(10) * twice, rel=1e-8)


def test_bends_by_tables() -> None:
    assert ll.optics.bend_loss_limit_db("G.657.A2", [15e-3, 10e-3, 7.5e-3], [10, 1, 1], 1550e-9).tolist() == (
        pytest.approx([0.03, 0.1, 0.5])
    )
    table = ((5e-3, 0.15), (7.5e-3, 0.08), (10e-3, 0.03))
    radius = np.linspace(5e-3, 10e-3, 11)
    wanted = 10 ** np.interp(radius, [5e-3, 7.5e-3, 10e-3], np.log10([0.15, 0.08, 0.03]))
    assert ll.optics.bend_loss_db(table, radius, 4) == pytest.approx(4 * wanted, rel=1e-12)
    assert ll.optics.bend_strain(125e-6, [5e-3, 10e-3]).tolist() == [0.0125, 0.00625]


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        (lambda: ll.RingModulator(q_total=5000.0, q_intrinsic=4000.0), ["q_intrinsic = 4000", "5000"]),
        (lambda: ll.RingModulator(resonance_m=1310.0), ["resonance_m = 1310"]),
        (lambda: RING.propagate([1.0, 2.0], 0.0, 0.0), ["sample_rate_hz = 0"]),
        (lambda: RING.propagate([1.0, 2.0], 1e12, [0.0] * 3), ["detuning_hz = 3 numbers"]),
        (lambda: RING.propagate([[1.0]], 1e12, 0.0), ["field = 2 dimensions"]),
        (lambda: RING.propagate([1.0, math.nan], 1e12, 0.0), ["field[1]"]),
        (lambda: ll.Eam(exponent=0.5), ["exponent = 0.5"]),
        (lambda: ll.EvanescentCoupler(detuning_per_m=1.0), ["detuning_per_m = 1", "0 with a sweep"]),
        (
            lambda: ll.GratingCoupler(bandwidth_1db_m=30.0, centre_wavelength_m=1310.0),
            ["centre_wavelength_m = 1310"],
        ),
        (
            lambda: ll.optics.bend_loss_limit_db("G.657.A1", 7.5e-3, 1, 1550e-9),
            ["radius_m = 0.0075", "G.657.A1"],
        ),
        (lambda: ll.optics.bend_loss_limit_db("G.657.A1", 10e-3, 1, 1310e-9), ["wavelength_m", "1625e-9"]),
        (lambda: ll.optics.bend_loss_limit_db("G.657A1", 10e-3, 1, 1550e-9), ["did you mean", "G.657.A1"]),
        (lambda: ll.optics.bend_loss_db([1.0, 2.0], 1e-2, 1), ["table", "pairs"]),
        (lambda: ll.optics.bend_loss_marcuse_db_per_m(10.0, 4.1, 1.444, 0.0036, 1.55e-6), ["radius_m = 10"]),
        (lambda: ll.optics.mpi_rms([-26.0, 26.0]), ["reflectances_db[1] = 26", "at most 0"]),
        (lambda: ll.optics.mpi_rms(-26.0), ["reflectances_db = -26.0", "array"]),
        (lambda: ll.optics.mpi_rms([-26.0] * 4, [0.1, 0.2]), ["loss_between_db = 2 numbers", "3"]),
        (lambda: ll.optics.mpi_penalty_db([-26.0] * 4, -3.0, 1e-4), ["extinction_ratio_db = -3"]),
        (lambda: ll.optics.rin_penalty_db(1e-14, -3.0, 1e10, 1e-4), ["extinction_ratio_db = -3"]),
        (lambda: ll.optics.noise_penalty_db(0.02, 0.9), ["ser = 0.9"]),
        (lambda: ll.optics.ring_transmission(0.0, 1.1, 0.9), ["self_coupling = 1.1"]),
        (lambda: ll.optics.wdm_crosstalk_db(0.0, 1e9), ["spacing_hz = 0"]),
        (lambda: ll.optics.dgd_response(1e9, 1e-12, 2.0), ["split = 2"]),
        (lambda: ll.optics.directional_coupler(-1.0, 0.0, 1.0), ["coupling_per_m = -1"]),
        (lambda: ll.optics.taper_residual(1e3, 0.0), ["sweep_per_m2"]),
        (lambda: ll.optics.travelling_wave_response(1e9, -1.0), ["length_m = -1"]),
    ],
)
def test_bad_values_are_named(call, parts) -> None:
    with pytest.raises(ll.ParameterError) as error:
        call()
    assert all(part in str(error.value) for part in parts), error.value
