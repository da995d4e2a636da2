"""An optical lane as a Python user would write it, with numpy and with OptiCommPy, beside Lightlane.

The job: PAM4 at 106.25 GBd and 8 samples a symbol, a driver, a Mach-Zehnder modulator with its electrode, 500 m of
fibre on the complex field, photodiode with shot and laser noise, TIA, receiver filter, FFE of 15 taps, decisions,
errors counted.

    python benches/rivals/optics.py

Everything runs on one thread. Both rivals find sampling phase, taps and thresholds beforehand, from a run that is not
timed. OptiCommPy has devices and fibre; what it lacks, laser noise and the filters' shapes, is numpy there too. All
must count the same errors, but for what their noise draws.
"""

import os
import time
from collections.abc import Callable

os.environ.setdefault("RAYON_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import scipy.signal

import lightlane as ll

SAMPLES, N_SYMBOLS, N_FFE = 8, 1 << 17, 15
N_OURS = 1 << 25
"""So many that the lane's preparation, which is timed too, counts little; rivals run `N_SYMBOLS`."""
RATE_HZ = 106.25e9
TIA_A_PER_RTHZ = 180e-12
"""So noisy that every row counts hundreds of errors."""
C_M_PER_S, ELECTRON_C = 299_792_458.0, 1.602176634e-19
TURNS = 3


def lane() -> ll.Lane:
    """The job as a lane: no electrical path, no transmit filter, no feedback."""
    path = [ll.Coupler(excess_loss_db=3.675 - 0.175), ll.Fiber(length_m=500.0, dispersion_zero_m=1324e-9)]
    optics = ll.Optics(
        laser=ll.Laser(power_w=14.73e-3, rin_per_hz=10**-14.5),
        driver=ll.Driver(swing_v=2.5, gain_max_db=40.0, input_noise_v2_per_hz=0.0, bandwidth_hz=60e9),
        modulator=ll.MachZehnder(v_pi_v=5.0, loss_db=5.0, bandwidth_hz=50e9),
        path=path,
        photodiode=ll.Photodiode(responsivity_a_per_w=0.9, bandwidth_hz=65e9, dark_current_a=0.0),
        tia=ll.Tia(noise_a_per_rthz=TIA_A_PER_RTHZ, bandwidth_hz=60e9),
    )
    receiver = ll.Receiver(
        noise_v2_per_hz=0.0, bandwidth_hz=58.4375e9, ctle=None, ffe=ll.Ffe(pre=5, post=9), dfe=None
    )
    transmitter = ll.Transmitter(ffe={}, snr_db=None, level_mismatch=1.0, transition_s=None, jitter=None)
    return ll.Lane(symbol_rate_hz=RATE_HZ, transmitter=transmitter, medium=[optics], receiver=receiver)


# --- the rivals ---------------------------------------------------------------------------------------------------


class Chain:
    """Filters of the chain on the frequencies of one block, and the receiver that training found."""

    def __init__(self, the: ll.Lane) -> None:
        self.optics = the.medium[0]
        self.fs = SAMPLES * RATE_HZ
        n = N_SYMBOLS * SAMPLES
        freq = np.fft.rfftfreq(n, 1 / self.fs)
        bessel = scipy.signal.bessel(4, 2 * np.pi * 60e9, analog=True, norm="mag")
        butterworth = scipy.signal.butter(4, 2 * np.pi * 58.4375e9, analog=True)
        response = lambda ba: scipy.signal.freqs(*ba, worN=2 * np.pi * freq)[1]  # noqa: E731
        pole = lambda f3: 1 / (1 + 1j * freq / f3)  # noqa: E731
        self.drive = response(bessel) * pole(50e9)
        self.detector = response(bessel) * pole(65e9) * response(butterworth)
        self.amplifier = response(bessel) * response(butterworth)
        fiber, wavelength = self.optics.fiber, self.optics.laser.wavelength_m
        self.dispersion_s_per_m2 = fiber.dispersion_s_per_m2(wavelength)
        beta2 = -self.dispersion_s_per_m2 * wavelength**2 / (2 * np.pi * C_M_PER_S)
        both = np.fft.fftfreq(n, 1 / self.fs)
        self.fiber = np.exp(-0.5j * beta2 * (2 * np.pi * both) ** 2 * fiber.length_m)
        self.launch_w = self.optics.laser.power_w
        self.loss = 10 ** (-0.1 * (5.0 + 3.675))
        self.ffe, self.phase, self.shift, self.thresholds = np.ones(1), 0, 0, np.zeros(3)

    def light(self, symbols: np.ndarray) -> np.ndarray:
        """The field behind the fibre, on the scale of the photodiode's input."""
        volts = np.repeat((symbols - 1.5) * (2.5 / 3), SAMPLES)
        v = np.fft.irfft(np.fft.rfft(volts) * self.drive, volts.size)
        field = np.sqrt(self.launch_w * self.loss) * np.sin(0.5 * np.pi * v / 5.0 + 0.25 * np.pi)
        return np.fft.ifft(np.fft.fft(field) * self.fiber)

    def current(self, field: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Photocurrent with the noise that the light brings, before any filter."""
        half = np.sqrt(0.5 * self.fs)
        power = field.real**2 + field.imag**2
        power *= 1 + np.sqrt(self.optics.laser.rin_per_hz) * half * rng.standard_normal(power.size)
        current = 0.9 * power
        return current + np.sqrt(2 * ELECTRON_C * current) * half * rng.standard_normal(power.size)

    def received(self, current: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        noise = TIA_A_PER_RTHZ * np.sqrt(0.5 * self.fs) * rng.standard_normal(current.size)
        spectrum = np.fft.rfft(current) * self.detector + np.fft.rfft(noise) * self.amplifier
        return np.fft.irfft(spectrum, current.size)

    def errors(self, y: np.ndarray, symbols: np.ndarray) -> int:
        z = np.convolve(y[self.phase :: SAMPLES], self.ffe, mode="same")
        decided = np.searchsorted(self.thresholds, z)
        middle = slice(64, -64)
        return int(np.sum(decided[middle] != np.roll(symbols, self.shift)[middle]))

    def train(self, y: np.ndarray, symbols: np.ndarray) -> None:
        """Phase, taps and delay of least mean-square error, thresholds midway between the means."""
        best = np.inf
        wanted, n = symbols - 1.5, 1 << 14
        for phase in range(SAMPLES):
            r = y[phase::SAMPLES]
            r = r - r.mean()
            rows = np.array([np.roll(r, d)[:n] for d in range(-(N_FFE // 2), N_FFE // 2 + 1)])
            for shift in range(3):
                target = np.roll(wanted, shift)[:n]
                taps, *_ = np.linalg.lstsq(rows.T, target, rcond=None)
                mse = np.mean((target - taps @ rows) ** 2)
                if mse < best:
                    best, self.ffe, self.phase, self.shift = mse, taps, phase, shift
        z = np.convolve(y[self.phase :: SAMPLES], self.ffe, mode="same")
        sent = np.roll(symbols, self.shift)
        means = np.array([z[sent == s].mean() for s in range(4)])
        self.thresholds = 0.5 * (means[1:] + means[:-1])


def by_numpy(chain: Chain, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Symbols, and the waveform behind the receiver's filter."""
    symbols = rng.integers(0, 4, N_SYMBOLS)
    return symbols, chain.received(chain.current(chain.light(symbols), rng), rng)


def by_opticommpy(chain: Chain, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The same with the devices and the fibre of OptiCommPy."""
    from optic.comm.modulation import modulateGray
    from optic.dsp.core import firFilter, pulseShape, upsample
    from optic.models.channels import linearFiberChannel
    from optic.models.devices import mzm, photodiode
    from optic.utils import parameters

    def given(**values: object) -> object:
        the = parameters()
        for name, value in values.items():
            setattr(the, name, value)
        return the

    bits = rng.integers(0, 2, 2 * N_SYMBOLS)
    levels = np.real(modulateGray(bits, 4, "pam"))
    symbols = np.searchsorted([-2.0, 0.0, 2.0], levels)
    shape = SAMPLES * pulseShape(given(pulseType="rect", SpS=SAMPLES))
    volts = firFilter(shape, upsample(levels, SAMPLES)).real * (2.5 / 6)
    v = np.fft.irfft(np.fft.rfft(volts) * chain.drive, volts.size)
    launched = np.sqrt(chain.launch_w * 10**-0.5) * np.ones(v.size)
    launched *= 1 + 0.5 * np.sqrt(chain.optics.laser.rin_per_hz * 0.5 * chain.fs) * rng.standard_normal(
        v.size
    )
    field = mzm(launched, v, given(Vpi=5.0, Vb=-2.5, ER=100.0))
    fiber = chain.optics.fiber
    field = linearFiberChannel(
        field,
        given(
            L=1e-3 * fiber.length_m,
            alpha=1e3 * fiber.attenuation_db_per_m,
            D=1e6 * chain.dispersion_s_per_m2,
            Fc=C_M_PER_S / chain.optics.laser.wavelength_m,
            Fs=chain.fs,
        ),
    )
    field = np.sqrt(10 ** (-0.1 * chain.optics.couplers[0].excess_loss_db)) * field.reshape(-1)
    current = photodiode(
        field,
        given(R=0.9, Id=0.0, thermalNoise=False, bandwidthLimitation=False, B=0.5 * chain.fs, Fs=chain.fs),
    )
    return symbols, chain.received(np.real(current), rng)


# --- the table ----------------------------------------------------------------------------------------------------


def timed(call: Callable[[], object]) -> tuple[float, object]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def main() -> None:
    the = lane()
    report = the.analyze()
    frozen = report.lane
    rivals = {"numpy": by_numpy, "OptiCommPy": by_opticommpy}
    shortest: dict[str, float] = {}
    counted: dict[str, list[int]] = {}
    trained: dict[str, tuple[Chain, np.random.Generator]] = {}
    for name, run in rivals.items():
        chain, rng = Chain(the), np.random.default_rng(1)
        try:
            symbols, y = run(chain, rng)
        except ImportError as error:
            print(f"  {name}: not here ({error})")
            continue
        chain.train(y, symbols)
        trained[name] = (chain, rng)

    def ours(n: int, seed: int) -> object:
        return frozen.simulate(n, mode="waveform", samples_per_symbol=SAMPLES, threads=1, seed=seed)

    few, many = float("inf"), float("inf")
    wrong = 0
    for turn in range(TURNS):
        for name, (chain, rng) in trained.items():
            seconds, errors = timed(
                lambda c=chain, r=rng, f=rivals[name]: (lambda s, y: c.errors(y, s))(*f(c, r))
            )
            shortest[name] = min(shortest.get(name, np.inf), seconds / N_SYMBOLS)
            counted.setdefault(name, []).append(errors)
        few = min(few, timed(lambda t=turn: ours(N_SYMBOLS, t))[0])
        seconds, result = timed(lambda t=turn: ours(N_OURS, t))
        many = min(many, seconds)
        wrong += result.n_symbol_errors
    shortest["lightlane"] = many / N_OURS
    shortest["lightlane, without its preparation"] = (many - few) / (N_OURS - N_SYMBOLS)
    ser = {name: sum(e) / (TURNS * (N_SYMBOLS - 128)) for name, e in counted.items()}
    ser["lightlane"] = wrong / (TURNS * N_OURS)
    print(f"  {'PAM4, Mach-Zehnder lane, 8 samples a symbol':44}{'ksym/s':>10}{'x numpy':>10}{'SER':>12}")
    for name, seconds in shortest.items():
        counted_ser = f"{ser[name]:12.3e}" if name in ser else ""
        print(f"  {name:44}{1e-3 / seconds:10.4g}{shortest['numpy'] / seconds:10.3g}{counted_ser}")
    over = shortest.get("OptiCommPy", np.nan) / shortest["lightlane"]
    print(f"  lightlane over OptiCommPy {over:.3g}; its statistical engine {report.ser:.3e}")


if __name__ == "__main__":
    main()
