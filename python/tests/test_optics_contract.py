"""The optical part of the public contract, as its readers would use it, against published values and closed forms."""

import math

import numpy as np
import pytest

import lightlane as ll

WAVELENGTH_M = 1310e-9


def test_guides_couple_as_coupled_mode_theory_says() -> None:
    # Half a beat length swaps all power between equal guides; a detuned pair never swaps more than k^2/(k^2 + d^2).
    assert ll.optics.directional_coupler(1e3, 0.0, math.pi / 2e3) == pytest.approx(1.0, abs=1e-15)
    length = 0.5 * math.pi / math.hypot(1e3, 500.0)
    assert ll.optics.directional_coupler(1e3, 500.0, length) == pytest.approx(0.8, abs=1e-15)
    assert ll.optics.taper_residual(1e3, 2e6) == pytest.approx(math.exp(-math.pi), rel=1e-14)


def test_fibre_figures() -> None:
    fiber = ll.Fiber(length_m=10e3, dispersion_zero_m=1324e-9, dispersion_slope_s_per_m3=93.0)
    assert fiber.small_signal_response(41.67e9, 1270e-9) == pytest.approx(0.0, abs=5e-4)
    assert fiber.small_signal_response(0.0, 1270e-9, chirp=0.7) == 1.0
    assert fiber.dispersion_s_per_m2(1270e-9) < 0.0
    # A differential delay of half a period cancels equal powers.
    assert ll.optics.dgd_response(50e9, 10e-12) == pytest.approx(0.0, abs=1e-12)
    assert ll.optics.dgd_response([0.0, 25e9], 10e-12, split=0.5).round(4).tolist() == [1.0, 0.7071]
    # Maxwellian survival at three means: 4.2e-5, the common design value.
    assert ll.optics.dgd_exceedance(3.0) == pytest.approx(4.2e-5, rel=0.02)
    assert ll.optics.dgd_exceedance(0.0) == 1.0


def test_bends() -> None:
    assert ll.optics.bend_loss_limit_db("G.657.A1", 15e-3, 10, 1550e-9) == pytest.approx(0.25)
    assert ll.optics.bend_loss_limit_db("G.657.A1", 10e-3, 1, 1550e-9) == pytest.approx(0.75)
    assert ll.optics.bend_loss_limit_db("G.657.A2", 7.5e-3, 2, 1550e-9) == pytest.approx(1.0)
    assert ll.optics.bend_loss_limit_db("G.657.B3", 5e-3, 1, 1550e-9) == pytest.approx(0.15)
    with pytest.raises(ll.ParameterError):
        ll.optics.bend_loss_limit_db("G.657.A1", 15e-3, 10, 1310e-9)
    with pytest.raises(ValueError, match=r"G\.657\.A1"):
        ll.optics.bend_loss_limit_db("G.657.A", 15e-3, 10, 1550e-9)
    # Half way in radius is the geometric mean of the losses.
    table = ((5e-3, 0.4), (10e-3, 0.1))
    assert ll.optics.bend_loss_db(table, 7.5e-3, 2) == pytest.approx(0.4)
    near = ll.optics.bend_loss_marcuse_db_per_m(8e-3, 4.1e-6, 1.4468, 0.0036, 1550e-9)
    far = ll.optics.bend_loss_marcuse_db_per_m(16e-3, 4.1e-6, 1.4468, 0.0036, 1550e-9)
    assert near > 100.0 * far > 0.0
    assert ll.optics.bend_strain(125e-6, 5e-3) == pytest.approx(0.0125, rel=0.02)


def test_travelling_wave_electrode() -> None:
    # Matched: 3 dB electrical-to-optical (|H|^2 = 1/2) at 6.41 dB of RF loss.
    assert abs(ll.optics.travelling_wave_response(1e9, 1e-3, rf_loss_db=6.41)) ** 2 == pytest.approx(
        0.5, abs=2e-4
    )
    # Walk-off without loss: 1.3916 c/(pi dn L).
    f = 1.3916 * 299792458.0 / (math.pi * 0.3 * 3e-3)
    assert abs(ll.optics.travelling_wave_response(f, 3e-3, index_mismatch=0.3)) ** 2 == pytest.approx(
        0.5, abs=1e-4
    )
    h = ll.optics.travelling_wave_response([0.0, 1e10], 3e-3, rf_loss_db=[0.0, 1.0])
    assert h[0] == 1.0
    assert h.dtype == complex


def test_ring_figures() -> None:
    ring = ll.RingModulator(q_total=5000.0, q_intrinsic=10000.0, resonance_m=WAVELENGTH_M, detuning_hz=20e9)
    assert ring.linewidth_hz == pytest.approx(45.77e9, abs=0.005e9)
    assert ring.photon_lifetime_s == pytest.approx(5000.0 / (2 * math.pi * 299792458.0 / WAVELENGTH_M))
    # Critical coupling, detuned by half a linewidth: 1.4553 linewidths, 2.09 dB of peaking.
    g_hz = ring.linewidth_hz / 2
    assert ring.bandwidth_hz(g_hz) == pytest.approx(1.4553 * ring.linewidth_hz, rel=5e-5)
    f = np.linspace(0.0, 2.0, 20001) * ring.linewidth_hz
    h = ring.small_signal_response(f, g_hz)
    assert h[0] == 1.0
    assert 20 * np.log10(np.abs(h).max()) == pytest.approx(2.09, abs=0.005)
    # Critical coupling takes all light on resonance.
    detuned = ring.replace(detuning_hz=0.0)
    assert detuned.transmission(WAVELENGTH_M) == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(ll.ParameterError):
        ll.RingModulator(q_total=5000.0, q_intrinsic=4000.0)
    assert ll.optics.ring_transmission(0.3, 0.9, 1.0) == pytest.approx(1.0, abs=1e-14)
    assert ll.optics.ring_transmission(0.0, 0.9, 0.9) == pytest.approx(0.0, abs=1e-14)
    assert ll.optics.wdm_crosstalk_db(200e9, ring.linewidth_hz) == pytest.approx(-18.89, abs=0.005)


def test_a_lossless_ring_conserves_energy() -> None:
    ring = ll.RingModulator(q_total=5000.0, q_intrinsic=math.inf)
    rng = np.random.default_rng(1)
    n = 4000
    # Light that the samples resolve: noise of a tenth of their band, that ends before the record does.
    spectrum = np.zeros(n, complex)
    spectrum[:200], spectrum[-200:] = rng.normal(size=(2, 200)) + 1j * rng.normal(size=(2, 200))
    field = np.fft.ifft(spectrum) * np.hanning(n)
    out = ring.propagate(field, 1.7e12, np.linspace(-40e9, 40e9, n))
    assert out.dtype == complex
    assert out.shape == (n,)
    assert np.sum(np.abs(out) ** 2) == pytest.approx(np.sum(np.abs(field) ** 2), rel=1e-4)
    with pytest.raises(ll.ParameterError):
        ring.small_signal_response(1e9, 0.0)


def test_penalties() -> None:
    # sigma/OMA of 0.02 at the ratio of TDECQ: 0.3990 dB.
    assert ll.optics.noise_penalty_db(0.02, 4.8e-4) == pytest.approx(0.3990, abs=5e-5)
    assert ll.optics.noise_penalty_db(0.06, 4.8e-4) == math.inf
    assert ll.optics.rin_penalty_db(0.0, 5.0, 50e9, 4.8e-4) == 0.0
    low, high = ll.optics.rin_penalty_db([1e-15, 1e-14], 5.0, 50e9, 4.8e-4)
    assert 0.0 < low < high
    # Four connectors of -35 dB: six pairs, sqrt(2 * 6) R.
    assert ll.optics.mpi_rms([-35.0] * 4) == pytest.approx(math.sqrt(12.0) * 10**-3.5, rel=1e-12)
    assert ll.optics.mpi_rms([-35.0]) == 0.0
    assert (
        0.0
        < ll.optics.mpi_penalty_db([-35.0] * 4, 5.0, 4.8e-4)
        < ll.optics.mpi_penalty_db([-26.0] * 4, 5.0, 4.8e-4)
    )


def test_mach_zehnder() -> None:
    m = ll.MachZehnder(v_pi_v=2.0)
    assert m.oma_w(1.0, 1.0) == pytest.approx(math.sqrt(0.5))
    assert m.extinction_ratio_db(1.0) == pytest.approx(7.656, abs=5e-4)
    assert m.level_mismatch(1.0) == pytest.approx(0.90192, abs=5e-6)
    p = m.transmission(np.asarray(m.linear_drive_v(1.0)))
    assert np.diff(p) == pytest.approx(np.diff(p)[0], rel=1e-12)


@pytest.mark.parametrize("name", ["cpo-dr1", "cpo-dr1-mzm"])
def test_optical_presets_answer(name: str) -> None:
    r = ll.presets.lane(name).analyze()
    assert r.margin_db > 0.0
    assert np.all(np.diff(r.levels_v) > 0.0)
    assert r.levels_v.shape == (4,)
    assert r.level_noise_v.shape == (4,)
    assert np.all(r.level_noise_v > 0.0)
    assert np.all((r.thresholds_v > r.levels_v[:-1]) & (r.thresholds_v < r.levels_v[1:]))
    assert 0.0 <= r.nonlinear_residual < 1.0


def test_the_ring_lane_can_be_changed_in_every_part() -> None:
    lane = ll.presets.lane("cpo-dr1")
    (index,) = [i for i, b in enumerate(lane.medium) if isinstance(b, ll.Optics)]
    optics = lane.medium[index]
    assert isinstance(optics.modulator, ll.RingModulator)
    assert optics.couplers
    assert optics.fiber is not None
    best = lane.analyze()

    def changed(**fields: object) -> object:
        medium = list(lane.medium)
        medium[index] = optics.replace(**fields)
        return lane.replace(medium=medium).analyze()

    ring = optics.modulator
    for shift in (-0.5, 0.5):
        moved = changed(modulator=ring.replace(detuning_hz=ring.detuning_hz + shift * ring.linewidth_hz))
        # Half a linewidth from the bias the lane is no longer one: to the resonance, or past the top of its flank.
        assert moved.margin_db < best.margin_db - 1.0
        assert moved.warnings
    # 2.5 V of swing pass the brightest and the darkest point of 2 V of half-wave voltage, and not those of 4 V.
    folded = changed(modulator=ll.MachZehnder(v_pi_v=2.0))
    assert folded.margin_db < best.margin_db - 1.0
    assert any("the drive passes its brightest or darkest point" in w for w in folded.warnings)
    for modulator in (ll.MachZehnder(v_pi_v=4.0), ll.Eam()):
        other = changed(modulator=modulator)
        assert math.isfinite(other.margin_db)
        assert other.ber < other.ber_limit
    # Intensity noise is the lane's largest noise.
    assert best.noise_budget["rin"] > max(best.noise_budget[name] for name in ("tia", "shot", "transmitter"))
    quiet = changed(laser=optics.laser.replace(rin_per_hz=0.0))
    assert "rin" not in quiet.noise_budget
    assert quiet.margin_db > best.margin_db + 1.0
    parts = [p.replace(offset_x_m=2e-6) if isinstance(p, ll.Coupler) else p for p in optics.path]
    # 0.8 dB of light a coupler, against which noise of the electronics stays what it is.
    assert changed(path=parts).margin_db < best.margin_db - 0.2
