"""`ll.optics` and the methods of the optical devices against published figures and closed forms of their own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lightlane as ll


@pytest.mark.parametrize(
    ("arguments", "loss_db"),
    [
        ({"mfd_a_m": 9.2e-6, "offset_m": 1e-6}, 0.2052),
        ({"mfd_a_m": 4.5e-6, "offset_m": 1e-6}, 0.8579),
        ({"mfd_a_m": 9.2e-6, "mfd_b_m": 4.5e-6}, 2.0541),
        ({"mfd_a_m": 9.2e-6, "tilt_rad": math.radians(1.0)}, 0.1610),
        ({"mfd_a_m": 9.2e-6, "gap_m": 20e-6}, 0.1655),
    ],
)
def test_coupling_losses_are_the_published_table(arguments, loss_db) -> None:
    # Four decimals, as printed.
    assert ll.optics.coupling_loss_db(**arguments) == pytest.approx(loss_db, abs=5.1e-5)


def test_coupling_broadcasts_and_the_coupler_agrees() -> None:
    offset_m, tilt_rad = np.linspace(-2e-6, 2e-6, 5), np.array([[-0.01], [0.01]])
    loss_db = ll.optics.coupling_loss_db(9.2e-6, 8e-6, offset_m=offset_m, tilt_rad=tilt_rad, gap_m=30e-6)
    assert loss_db.shape == (2, 5)
    for i, t in enumerate(tilt_rad[:, 0]):
        for k, d in enumerate(offset_m):
            # The other plane of the device loses by mismatch and gap alone.
            device = ll.Coupler(mfd_a_m=9.2e-6, mfd_b_m=8e-6, offset_y_m=d, tilt_y_rad=t, gap_m=30e-6)
            assert device.loss_db(1.31e-6) == pytest.approx(loss_db[i, k], rel=1e-12)
    assert ll.Coupler(excess_loss_db=1.5).loss_db([1.3e-6, 1.55e-6]).tolist() == [1.5, 1.5]


@pytest.mark.parametrize("number", [1e-6, np.float64(1e-6), np.array(1e-6)])
def test_a_number_gives_a_float(number) -> None:
    assert type(ll.optics.coupling_loss_db(9.2e-6, offset_m=number)) is float
    assert type(ll.MachZehnder().transmission(number)) is float


def test_the_modulator_at_half_its_half_wave_voltage() -> None:
    modulator = ll.MachZehnder(v_pi_v=2.0)
    assert modulator.oma_w(1e-3, 1.0) == pytest.approx(1e-3 * math.sqrt(0.5), rel=1e-12)
    # The digits printed.
    assert modulator.extinction_ratio_db(1.0) == pytest.approx(7.656, abs=5e-4)
    assert modulator.level_mismatch(1.0) == pytest.approx(0.90192, abs=5e-6)
    assert modulator.oma_w([1.0, 2.0], [[0.5], [1.0]]).shape == (2, 2)


@given(st.floats(0.01, 1.0), st.floats(5.0, 60.0), st.floats(0.0, 8.0))
def test_modulator_figures_are_those_of_its_transmission(share, static_db, loss_db) -> None:
    modulator = ll.MachZehnder(v_pi_v=3.0, static_extinction_ratio_db=static_db, loss_db=loss_db)
    swing_v = 3.0 * share
    p = modulator.transmission(swing_v * np.array([-0.5, -1 / 6, 1 / 6, 0.5]))
    # Rounding, magnified by the difference of nearly equal powers of a small swing.
    assert modulator.oma_w(1.0, swing_v) == pytest.approx(p[3] - p[0], rel=1e-11)
    assert modulator.extinction_ratio_db(swing_v) == pytest.approx(10 * math.log10(p[3] / p[0]), abs=1e-9)
    least = 3 * min(np.diff(p)) / (p[3] - p[0])
    # R_LM by its definition: the inner levels' distance from the middle over a third of the outer ones'.
    inner = 3 * (p[2] - p[1]) / (p[3] - p[0])
    assert modulator.level_mismatch(swing_v) == pytest.approx(min(least, 2 - inner), abs=1e-9)
    even = modulator.transmission(modulator.linear_drive_v(swing_v))
    assert np.diff(even) == pytest.approx((p[3] - p[0]) / 3, rel=1e-9)


def test_the_fibre_has_its_first_null_where_it_is_published() -> None:
    worst = ll.Fiber(length_m=10e3, dispersion_zero_m=1324e-9, dispersion_slope_s_per_m3=93.0)
    d = worst.dispersion_s_per_m2(1270e-9)
    assert d == pytest.approx(93.0 / 4 * (1270e-9 - 1324e-9**4 / 1270e-9**3), rel=1e-12)
    null_hz = math.sqrt(299792458 / (2 * abs(d) * 1270e-9**2 * 10e3))
    assert null_hz == pytest.approx(41.67e9, abs=5e6)
    response = worst.small_signal_response([0.0, null_hz], 1270e-9)
    assert response[0] == 1.0
    assert abs(response[1]) < 1e-12
    x = math.acos(worst.small_signal_response(10e9, 1270e-9))
    # Anomalous dispersion turns the other way; the published form, sqrt(1 + a^2) cos(x + atan a).
    chirped = math.sqrt(1.25) * math.cos(-x + math.atan(0.5))
    assert worst.small_signal_response(10e9, 1270e-9, 0.5) == pytest.approx(chirped, rel=1e-9)


def test_levels_and_conventions() -> None:
    assert ll.optics.average_power_w(ll.optics.oma_w(1.7e-3, 3.5), 3.5) == pytest.approx(1.7e-3, rel=1e-12)
    levels = ll.optics.pam4_levels_w([1e-3, 2e-3], 6.0)
    assert levels.shape == (2, 4)
    assert 10 * np.log10(levels[:, 3] / levels[:, 0]) == pytest.approx(6.0)
    assert levels.mean(axis=1) == pytest.approx([1e-3, 2e-3])
    rin = ll.optics.rin_from_rin_oma(10**-13.9, 3.5)
    # One decimal, as published.
    assert 10 * math.log10(rin) == pytest.approx(-147.3, abs=0.06)
    assert ll.optics.fresnel_reflectance(1.0, [1.0, 1.5]) == pytest.approx([0.0, 0.04])


def test_noise_densities_are_published() -> None:
    assert ll.optics.shot_noise_a_per_rthz(1e-3) == pytest.approx(17.90e-12, abs=5e-15)
    assert ll.optics.thermal_noise_a_per_rthz(50.0, 300.0) == pytest.approx(18.20e-12, abs=5e-15)
    assert ll.optics.rin_noise_a_per_rthz(1e-3, 10**-14.5) == pytest.approx(56.23e-12, abs=5e-15)
    parts = [17.90e-12, 20e-12, 56.23e-12]
    assert ll.optics.level_noise_a(1e-3, 20e-12, 10**-14.5, 50e9) == pytest.approx(
        math.sqrt(50e9 * sum(p * p for p in parts)), rel=1e-4
    )
    assert ll.optics.noise_bandwidth_hz(40e9) == pytest.approx(1.04637 * 40e9, rel=5e-6)
    assert ll.optics.noise_bandwidth_hz([1.0, 2.0], "butterworth", 1) == pytest.approx([math.pi / 2, math.pi])


def test_the_sensitivity_gives_its_error_ratio_back() -> None:
    oma_a = 0.9 * ll.optics.sensitivity_oma_w(4.8e-4, 15e-12, 50e9, 0.9)
    assert oma_a == pytest.approx(6 * 3.41407 * 15e-12 * math.sqrt(50e9), rel=2e-6)
    found = ll.optics.pam4_ser(np.linspace(0, oma_a, 4), 15e-12 * math.sqrt(50e9), "midpoint")
    assert found.ser == pytest.approx(4.8e-4, rel=1e-9)


def test_error_ratios_of_levels() -> None:
    sigmas = np.array([[0.1, 0.2, 0.3, 0.4], [0.3, 0.3, 0.3, 0.3]])
    best = ll.optics.pam4_ser([-3, -1, 1, 3], sigmas)
    assert best.ser.shape == (2,)
    assert best.thresholds.shape == (2, 3)
    assert best.ser[1] == pytest.approx(0.75 * math.erfc(1 / 0.3 / math.sqrt(2)))
    assert best.thresholds[1] == pytest.approx([-2, 0, 2])
    given_ = ll.optics.pam4_ser([-3, -1, 1, 3], sigmas, best.thresholds)
    assert given_.ser == pytest.approx(best.ser, rel=1e-12)
    equal = ll.optics.pam4_ser([-3, -1, 1, 3], sigmas[0], "equal_q")
    assert equal.thresholds[0] == pytest.approx(-3 + 2 / 3)
    assert equal.ser >= best.ser[0]
    assert not best.thresholds.flags.writeable


def test_the_parts_of_a_path_by_kind() -> None:
    optics = ll.Optics()
    assert [optics.path.index(c) for c in optics.couplers] == [0, 0]
    assert optics.fiber == optics.path[2]
    assert len(optics.connectors) == 2
    assert ll.Optics(path=[]).fiber is None
    with pytest.raises(ll.ParameterError, match="path = 2 fibres"):
        _ = ll.Optics(path=[ll.Fiber(), ll.Fiber()]).fiber


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        (lambda: ll.optics.coupling_loss_db(-1e-6), ["mfd_a_m = -1e-6", "above 0"]),
        (lambda: ll.optics.coupling_loss_db(9.2e-6, wavelength_m=1310.0), ["wavelength_m = 1310", "2e-6"]),
        (lambda: ll.optics.coupling_loss_db(9.2e-6, offset_m=[0.0, math.nan]), ["offset_m = NaN"]),
        (lambda: ll.optics.coupling_loss_db("wide"), ["mfd_a_m", "number"]),
        (lambda: ll.optics.oma_w(1e-3, -3.0), ["extinction_ratio_db = -3"]),
        (lambda: ll.optics.average_power_w(1e-3, 0.0), ["extinction_ratio_db = 0", "above 0"]),
        (lambda: ll.optics.oma_w([1.0, 2.0], [1.0, 2.0, 3.0]), ["(2,), (3,)", "broadcast"]),
        (lambda: ll.optics.sensitivity_oma_w(0.9, 1e-12, 1e9, 1.0), ["ser = 0.9"]),
        (lambda: ll.optics.noise_bandwidth_hz(1e9, order=0), ["order = 0"]),
        (lambda: ll.optics.noise_bandwidth_hz(1e9, "besel"), ["bessel"]),
        (lambda: ll.optics.pam4_ser([0, 1, 2], 0.1), ["levels", "last axis has 4"]),
        (lambda: ll.optics.pam4_ser([0, 1, 2, 2], 0.1), ["levels[3] = 2"]),
        (lambda: ll.optics.pam4_ser([0, 1, 2, 3], 0.1, "optimal"), ["optimum"]),
        (lambda: ll.MachZehnder().oma_w(1.0, -1.0), ["swing_v = -1"]),
        (lambda: ll.Fiber().small_signal_response(math.inf, 1.31e-6), ["freq_hz = inf"]),
        (lambda: ll.RingModulator(detuning_hz=1e300), ["detuning_hz = 1e300"]),
        (lambda: ll.RingModulator(q_total=1e300, q_intrinsic=math.inf), ["q_total = 1e300"]),
        (lambda: ll.RingModulator().small_signal_response(1e300, 1e9), ["freq_hz = 1e300"]),
        (lambda: ll.RingModulator().bandwidth_hz(1e300), ["detuning_hz = 1e300"]),
        (lambda: ll.RingModulator().propagate([1.0] * 4, 1e12, 1e300), ["detuning_hz[0] = 1e300"]),
        (
            lambda: ll.EvanescentCoupler(sweep_per_m2=0.0, coupling_length_m=0.0),
            ["coupling_per_m = ", "1e-6 of the power"],
        ),
        (lambda: ll.optics.taper_residual(1e3, 0.0), ["sweep_per_m2 = 0", "other than 0"]),
        (
            lambda: ll.optics.bend_loss_marcuse_db_per_m(1e-2, 1e-3, 1.4468, 0.0036, 1.31e-6),
            ["core_radius_m = 0.001", "V is at most 100"],
        ),
    ],
)
def test_bad_values_are_named(call, parts) -> None:
    with pytest.raises(ll.ParameterError) as error:
        call()
    assert all(part in str(error.value) for part in parts), error.value


def test_a_section_says_why_it_inverts_and_what_its_fibre_takes() -> None:
    lane = ll.presets.lane("cpo-dr1-mzm")
    optics = lane.medium[1]

    def warnings(fiber: ll.Fiber, ffe: dict[int, float]) -> str:
        path = [ll.Coupler(), fiber, ll.Coupler()]
        medium = [lane.medium[0], optics.replace(path=path), lane.medium[2]]
        changed = lane.replace(medium=medium, transmitter=lane.transmitter.replace(ffe=ffe))
        return "\n".join(changed.analyze().warnings)

    flat = ll.Fiber(length_m=10.0)
    assert "inverts" not in warnings(flat, {-1: -0.06})
    assert "it inverts, because what reaches it falls" in warnings(flat, {-1: -0.55})
    delayed = warnings(flat.replace(dgd_s=4e-12), {-1: -0.06})
    # cos(pi f tau) at 53.125 GHz.
    assert "differential group delay leaves 0.785" in delayed
    assert "dispersion leaves" not in delayed
    dispersed = warnings(ll.Fiber(length_m=10e3, dispersion_zero_m=1330e-9), {-1: -0.06})
    assert "dispersion leaves" in dispersed
    assert "differential" not in dispersed


@pytest.mark.parametrize(("power_w", "told"), [(100.0, "50 dBm"), (1e-6, "-30 dBm"), (0.1, None)])
def test_a_laser_in_another_unit_is_doubted(power_w: float, told: str | None) -> None:
    lane = ll.presets.lane("cpo-dr1-mzm")
    optics = lane.medium[1].replace(laser=lane.medium[1].laser.replace(power_w=power_w))
    warnings = lane.replace(medium=[lane.medium[0], optics, lane.medium[2]]).analyze().warnings
    doubts = [w for w in warnings if w.startswith("laser: power_w")]
    assert len(doubts) == (told is not None)
    assert all(told in w for w in doubts)
