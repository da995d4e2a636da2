"""PyChOpMarg beside Lightlane: margins of Annex 178A at draft D3.3 on synthetic channels, and how long each takes.

    python benches/rivals/com.py path/to/python/with/lightlane

Runs in an environment that holds PyChOpMarg; Lightlane answers from another. Both read the same files, with the same
CTLE and transmitter, and find the receiver themselves. PyChOpMarg's pulses without equalization are only reported, and
are left out: they would double its time to begin.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import replace
from importlib.metadata import version

# One thread each, whose processor time is what is compared: machines are shared.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

CHANNELS = {
    "synthetic-c2c-4db": ((), 0.0, 0.0, {}),
    "synthetic-c2m-16db": (("fext1", "next1"), -4.0, -1.0, {-1: -0.06}),
    "synthetic-kr-28db": (("fext1", "fext2", "next1"), -10.0, -2.0, {-2: 0.02, -1: -0.1}),
    "synthetic-kr-40db": (("fext1", "next1"), -14.0, -3.0, {-2: 0.04, -1: -0.16, 1: -0.02}),
}
"""Aggressors, CTLE gains and transmitter taps."""

LIGHTLANE = """
import json, sys, time
import numpy as np
import lightlane as ll

die = "[4e-5 9e-5 1.1e-4; 4e-5 9e-5 1.1e-4]"
KEYWORDS = {
    "release": "d3.3", "f_b": 106.25, "Delta_f": 0.01, "DER_0": 2e-4, "T_r": 0.004, "R_LM": 0.95, "A_v": 0.385,
    "A_fe": 0.385, "A_ne": 0.481, "A_DD": 0.02, "sigma_RJ": 0.01, "SNR_TX": 33.5, "eta_0": 7.5e-9, "f_r": 0.55,
    "R_d": 46.25, "C_d": die, "L_s": "[0.13 0.15 0.14; 0.13 0.15 0.14]", "C_b": 3e-5, "C_p": 4e-5,
    "package_tl_gamma0_a1_a2": "[5e-4 8.9e-4 2e-4]", "package_Z_c": "[87.5 87.5; 92.5 92.5]",
    "z_p (TX)": "[12; 1.8]", "z_p (RX)": "[12; 1.8]", "z_p (FEXT)": "[12; 1.8]", "z_p (NEXT)": "[12; 1.8]",
    "f_z": 42.5, "f_p1": 42.5, "f_p2": 106.25, "f_HP_PZ": 1.328125, "g_DC": "[-20:1:0]", "g_DC_HP": "[-6:1:0]",
    "c(0)": 0.54, "c(-2)": "[0:0.02:0.14]", "c(-1)": "[-0.34:0.02:0]", "c(1)": "[-0.2:0.02:0]",
    "N_b": 1, "b_max(1)": 0.85, "b_min(1)": 0, "ffe_pre_tap_len": 6, "ffe_post_tap_len": 8,
    "ffe_pre_tap1_max": 0.7, "ffe_post_tap1_max": 0.7, "ffe_tapn_max": 0.7, "N_bg": 2, "N_bf": 4, "N_f": 80,
    "bmaxg": 0.05, "N_qb": 6, "P_qc": 1e-7, "MLSD": 1, "add_rx_noise": 3,
}
def timed(call):
    start = time.process_time()
    out = call()
    return out, time.process_time() - start

folder = sys.argv[1]
for name, (aggressors, gdc, gdc2, taps) in json.load(sys.stdin).items():
    freq = np.arange(6701) * 10e6
    files = {}
    for path in ["thru", *aggressors]:
        files[path] = f"{folder}/{name}-{path}.s2p"
        n = ll.Synthetic(recipe=name, path=path).network(freq).differential()
        # The package of the annex has no value at 0 Hz in PyChOpMarg.
        ll.Network(n.freq_hz[1:], n.s[1:], n.z0_ohm).write(files[path])
    given = dict(fext=[f for p, f in files.items() if p[0] == "f"], next=[f for p, f in files.items() if p[0] == "n"])
    fixed = {"ctle_gdc_db": gdc, "ctle_gdc2_db": gdc2, "tx_ffe": taps}
    one = lambda **k: ll.com(files["thru"], **given, config=KEYWORDS | k.pop("more", {}), **k)
    c, total = timed(lambda: one(fixed_equalizer=fixed, threads=1))
    # All transmitter settings behind one CTLE setting; what they share counts too.
    grid = {"Local Search": 0}
    ctle = {k: fixed[k] for k in ("ctle_gdc_db", "ctle_gdc2_db")}
    many, seconds = timed(lambda: one(fixed_equalizer=ctle, more=grid, threads=1))
    searched, adaptive = timed(lambda: one(threads=1))
    print(json.dumps({
        "name": name, "files": files, "com_dfe_db": c.com_dfe_db, "mlsd_gain_db": c.mlsd_gain_db, "fom_db": c.fom_db,
        "total_s": total, "candidate_s": seconds / many.n_candidates,
        "search_s": adaptive, "n": searched.n_candidates,
    }))
"""


def pychopmarg(files: dict, gdc: float, gdc2: float, taps: dict) -> dict:
    """The margin of PyChOpMarg at one CTLE and transmitter setting, and its times."""
    import skrf
    from pychopmarg.com import COM
    from pychopmarg.config import ieee_8023dj_d3p3 as draft

    COM._calc_uneq_pulse_resps = lambda self: None
    setting = [taps.get(str(place), 0.0) for place in (-3, -2, -1, 1, 2, 3)]
    params = replace(draft.com_params("KR"), g_DC=[gdc], g_DC2=[gdc2])
    networks = {path: skrf.Network(file) for path, file in files.items()}
    channels = {
        "THRU": [networks["thru"]],
        "FEXT": [n for p, n in networks.items() if p[0] == "f"],
        "NEXT": [n for p, n in networks.items() if p[0] == "n"],
    }
    device = {end: draft.device_model("KR", "A2", end == "rx") for end in ("tx", "rx")}
    start = time.process_time()
    com = COM(params, channels, tx_device=device["tx"], rx_device=device["rx"])
    com._tx_combs, com._num_tx_combs, com.tx_ix = [np.zeros(6), np.array(setting)], 2, 1
    com.gDC, com.gDC2 = gdc, gdc2
    response = com.calc_Hctf(gdc, gdc2)
    ready = time.process_time()
    fom = com.calc_fom(1, response, noise_vars=False)
    judged = time.process_time()
    found = com.mmse_rslt
    com.rx_taps = found["rx_taps"] / found["rx_taps"][com.nRxPreTaps]
    com.dfe_taps = found["dfe_tap_weights"]
    signal, noise, _ = com.calc_noise(cursor_ix=found["cursor_ix"])
    com_dfe = 20 * np.log10(signal / noise)
    gain = com.calc_mlsd(com_dfe) - com_dfe
    end = time.process_time()
    return {
        "com_dfe_db": com_dfe,
        "mlsd_gain_db": gain,
        "fom_db": float(fom),
        "total_s": end - start,
        "candidate_s": judged - ready,
    }


def main() -> None:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.argv[1], "-c", LIGHTLANE, folder],
            input=json.dumps(CHANNELS),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        rows = []
        for line in run.stdout.splitlines():
            ours = json.loads(line)
            _, gdc, gdc2, taps = CHANNELS[ours["name"]]
            with contextlib.redirect_stdout(io.StringIO()):
                theirs = pychopmarg(ours["files"], gdc, gdc2, {str(k): v for k, v in taps.items()})
            rows.append((ours, theirs))
    print(f"PyChOpMarg {version('PyChOpMarg')} beside Lightlane, processor seconds of one thread, one run:")
    print("KR, package A2, CTLE and transmitter fixed, receiver found by each")
    print()
    print(
        f"{'channel':<20}{'':<12}{'COM_DFE dB':>11}{'MLSD dB':>9}{'FOM dB':>8}{'all s':>9}{'candidate s':>13}"
    )
    for ours, theirs in rows:
        for label, r in (("PyChOpMarg", theirs), ("Lightlane", ours)):
            print(
                f"{ours['name'] if r is theirs else '':<20}{label:<12}{r['com_dfe_db']:>11.3f}"
                f"{r['mlsd_gain_db']:>9.3f}{r['fom_db']:>8.3f}{r['total_s']:>9.2f}{r['candidate_s']:>13.6f}"
            )
        ratio = theirs["candidate_s"] / ours["candidate_s"]
        print(
            f"{'':<20}{ratio:,.0f} times as many candidates a second; adaptive search of the grid in "
            f"{ours['search_s']:.2f} s, {ours['n']} candidates judged"
        )


if __name__ == "__main__":
    main()
