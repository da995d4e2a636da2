"""The light of a lane: against numpy, its eye closure, and what a receiver needs under stress."""

import math

import numpy as np
import pytest
import scipy.signal

import lightlane as ll

RATE_HZ = 106.25e9
SAMPLES = 16


def bare(**devices: object) -> ll.Lane:
    """A Mach-Zehnder lane without electrical paths, transmit filter and jitter."""
    optics = ll.Optics(
        laser=ll.Laser(power_w=10e-3),
        driver=ll.Driver(swing_v=2.5, gain_max_db=40.0, bandwidth_hz=60e9),
        modulator=ll.MachZehnder(v_pi_v=5.0, loss_db=5.0, bandwidth_hz=50e9),
        path=[ll.Coupler(excess_loss_db=2.0), ll.Fiber(length_m=2e3, dispersion_zero_m=1324e-9)],
        **devices,
    )
    transmitter = ll.Transmitter(ffe={}, snr_db=None, level_mismatch=1.0, transition_s=None, jitter=None)
    return ll.Lane(symbol_rate_hz=RATE_HZ, transmitter=transmitter, medium=[optics])


def by_numpy(lane: ll.Lane, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Powers behind the modulator and at the photodiode by plain transforms of sampled rectangles, 4 times as fine."""
    optics, fine = lane.medium[0], 4
    fs, n = fine * SAMPLES * RATE_HZ, symbols.size * SAMPLES * fine
    freq = np.fft.rfftfreq(n, 1 / fs)
    bessel = scipy.signal.bessel(4, 2 * np.pi * 60e9, analog=True, norm="mag")
    drive = scipy.signal.freqs(*bessel, worN=2 * np.pi * freq)[1] / (1 + 1j * freq / 50e9)
    # A rectangle begins half a fine sample before its first one.
    drive *= np.exp(-1j * np.pi * freq / fs)
    volts = np.repeat((symbols - 1.5) * (2.5 / 3), SAMPLES * fine)
    v = np.fft.irfft(np.fft.rfft(volts) * drive, n)
    field = np.sqrt(10e-3 * 10**-0.5) * np.sin(0.5 * np.pi * v / 5.0 + 0.25 * np.pi)
    wavelength = optics.laser.wavelength_m
    beta2 = -optics.fiber.dispersion_s_per_m2(wavelength) * wavelength**2 / (2 * np.pi * 299_792_458.0)
    omega = 2 * np.pi * np.fft.fftfreq(n, 1 / fs)
    behind = np.fft.ifft(np.fft.fft(field) * np.exp(-0.5j * beta2 * omega**2 * optics.fiber.length_m))
    loss = 10 ** (-0.1 * (2.0 + optics.fiber.attenuation_db_per_m * optics.fiber.length_m))
    return (field**2)[::fine], (loss * np.abs(behind) ** 2)[::fine]


def test_the_light_is_that_of_numpy():
    symbols = np.random.default_rng(5).integers(0, 4, 512).astype(np.uint8)
    lane = bare()
    light = lane.light(symbols, samples_per_symbol=SAMPLES)
    for ours, theirs in zip((light.launched_w, light.received_w), by_numpy(lane, symbols), strict=True):
        oma = np.ptp(theirs)
        # Sampled rectangles alias, at 64 samples a symbol by some 1e-5 through five poles.
        assert np.abs(ours - theirs).max() < 2e-4 * oma


def test_eye_closure_grows_along_a_dispersive_fibre():
    lane = bare()
    tecq, tdecq = lane.tdecq(at="launched"), lane.tdecq()
    assert tecq.n_symbols == tdecq.n_symbols == 65_535
    assert 0 < tecq.tdecq_db < tdecq.tdecq_db < 6
    # 2 dB of coupler and 0.7 dB of fibre.
    loss_db = 10 * math.log10(tecq.average_power_w / tdecq.average_power_w)
    assert loss_db == pytest.approx(2.0 + 2e3 * lane.medium[0].fiber.attenuation_db_per_m, abs=0.01)


def test_stress_costs_light():
    lane = ll.presets.lane("cpo-dr1-mzm")
    plain = lane.sensitivity(attenuation_db=[0.0])
    own = lane.tdecq().tdecq_db
    light, heavy = (
        lane.stressed_sensitivity(own + more, sj_ui=0.0, attenuation_db=[0.0]) for more in (0.5, 1.5)
    )
    for found, more in ((light, 0.5), (heavy, 1.5)):
        assert found.own_secq_db == pytest.approx(own, abs=1e-9)
        # The search ends within 0.02 dB.
        assert found.secq_db == pytest.approx(own + more, abs=0.021)
        assert found.lane.medium[1].driver.bandwidth_hz == found.bandwidth_hz
        assert found.to_xarray().attrs["secq_db"] == found.secq_db
    assert plain.oma_dbm < light.oma_dbm < heavy.oma_dbm
    jittered = lane.stressed_sensitivity(own + 0.5, attenuation_db=[0.0])
    assert light.oma_dbm < jittered.oma_dbm
    assert (jittered.sj_ui, jittered.lane.transmitter.jitter.sj_ui) == (0.025, 0.025)
    # The same change by hand.
    optics = lane.medium[1]
    narrow = optics.replace(driver=optics.driver.replace(bandwidth_hz=jittered.bandwidth_hz))
    jitter = lane.transmitter.jitter.replace(sj_ui=0.025, sj_hz=40e6)
    by_hand = lane.replace(
        medium=[lane.medium[0], narrow, lane.medium[2]],
        transmitter=lane.transmitter.replace(jitter=jitter),
    )
    assert by_hand == jittered.lane
    assert by_hand.sensitivity(attenuation_db=[0.0]).oma_w == jittered.oma_w
    # Its own light has the stress already: nothing is narrowed.
    as_it_is = lane.stressed_sensitivity(own, sj_ui=0.0, attenuation_db=[0.0])
    assert as_it_is.bandwidth_hz == optics.driver.bandwidth_hz
    assert as_it_is.oma_w == plain.oma_w


def test_what_has_no_such_light_is_refused():
    with pytest.raises(ll.ParameterError, match="optical section"):
        ll.presets.lane("copper-c2m").light()
    with pytest.raises(ll.ParameterError, match=r"lane\.segments\(\)"):
        ll.presets.lane("retimed-dr1").light()
    with pytest.raises(ll.ParameterError, match="pam4"):
        ll.presets.lane("cpo-nrz-wdm").tdecq()
    with pytest.raises(ll.ParameterError, match="pam4"):
        ll.presets.lane("cpo-nrz-wdm").stressed_sensitivity()
    lane = bare()
    with pytest.raises(ll.ParameterError, match=r"symbols\[1\] = 4"):
        lane.light([0, 4] * 16)
    with pytest.raises(ll.ParameterError, match="samples_per_symbol = 7"):
        lane.light(samples_per_symbol=7)
    with pytest.raises(ll.ParameterError, match="at = "):
        lane.tdecq(at="fibre")
    with pytest.raises(ll.ParameterError, match=r"secq_db = 0.1: .* of the lane's own light"):
        lane.stressed_sensitivity(0.1)
    with pytest.raises(ll.ParameterError, match="secq_db = NaN"):
        lane.stressed_sensitivity(math.nan)
    with pytest.raises(ll.ParameterError, match="secq_db = None: must be a number"):
        lane.stressed_sensitivity(None)
    with pytest.raises(
        ll.ParameterError, match=r"secq_db = 40: must be at most the .* that a driver of 1.594e10 Hz"
    ):
        lane.stressed_sensitivity(40.0)
    with pytest.raises(ll.ParameterError, match="sj_hz = 0"):
        lane.stressed_sensitivity(3.0, sj_hz=0.0)
    with pytest.raises(ll.ParameterError, match="samples_per_symbol"):
        lane.light(samples_per_symbol=2**70)


def test_the_light_can_be_drawn_and_kept():
    light = ll.presets.lane("cpo-nrz-wdm").light()
    assert light.symbols.size == 8191
    assert set(np.unique(light.symbols)) == {0, 1}
    assert light.plot().get_xlabel() == "time (UI)"
    data = light.to_xarray()
    assert data.received_w.attrs["units"] == "W"
    assert data.time_s.size == 16 * 8191
    assert np.array_equal(data.symbols, light.symbols)
    assert "light: other wavelengths are left out" in light.warnings
    with pytest.raises(ValueError, match="read-only"):
        light.time_s[0] = 1.0
    with pytest.raises(ll.ParameterError, match="n_symbols = -1"):
        light.plot(n_symbols=-1)
    assert "mW received" in repr(light)
    assert "GBd" in light._repr_html_()
