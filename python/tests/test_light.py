"""Optical lanes from Python: modulators in place, detuning, counts against predictions."""

from __future__ import annotations

import numpy as np
import pytest

import lightlane as ll


def with_optics(name: str, **changes: object) -> ll.Lane:
    lane = ll.presets.lane(name)
    blocks = [b.replace(**changes) if isinstance(b, ll.Optics) else b for b in lane.medium]
    return lane.replace(medium=blocks)


def optics_of(lane: ll.Lane) -> ll.Optics:
    return next(b for b in lane.medium if isinstance(b, ll.Optics))


def test_the_co_packaged_lane_has_a_ring_and_its_twin_a_mach_zehnder() -> None:
    ring, twin = (optics_of(ll.presets.lane(name)) for name in ("cpo-dr1", "cpo-dr1-mzm"))
    assert isinstance(ring.modulator, ll.RingModulator)
    assert isinstance(twin.modulator, ll.MachZehnder)
    assert ring.couplers
    assert ring.fiber.length_m == twin.fiber.length_m == 500.0


@pytest.mark.parametrize("kind", [ll.MachZehnder, ll.RingModulator, ll.Eam])
def test_every_modulator_stands_in_a_lane(kind: type) -> None:
    lane = with_optics("cpo-dr1", modulator=kind())
    assert ll.Lane.from_toml(lane.to_toml()) == lane
    report = lane.analyze()
    assert report.margin_db > 0
    assert np.all(np.diff(report.levels_v) > 0)
    inverts = any("inverts" in w for w in report.warnings)
    assert inverts == (kind is ll.Eam)


def test_detuning_either_way_costs_margin() -> None:
    ring = optics_of(ll.presets.lane("cpo-dr1")).modulator
    margin = {}
    for share in (-0.5, 0.0, 0.5):
        detuning_hz = ring.detuning_hz + share * ring.linewidth_hz
        margin[share] = (
            with_optics("cpo-dr1", modulator=ring.replace(detuning_hz=detuning_hz)).analyze().margin_db
        )
    assert margin[0.0] > margin[-0.5] + 1
    assert margin[0.0] > margin[0.5] + 1


@pytest.mark.parametrize("name", ["cpo-dr1", "cpo-dr1-mzm"])
def test_the_count_agrees_with_the_analysis(name: str) -> None:
    tia = optics_of(ll.presets.lane(name)).tia
    lane = with_optics(name, tia=tia.replace(noise_a_per_rthz=7 * tia.noise_a_per_rthz))
    report = lane.analyze()
    assert 1e-5 < report.ber < 1e-2
    count = report.lane.simulate(n_symbols=1_000_000, seed=3)
    assert count.agrees_with(report, confidence=0.9999)


def test_memory_and_saturation_are_settings() -> None:
    lane = ll.presets.lane("cpo-dr1-mzm")
    long, short = (lane.replace(record_memory=m).analyze() for m in (6, 3))
    assert long.nonlinear_residual < short.nonlinear_residual
    with pytest.raises(ll.ParameterError, match="record_memory = 9"):
        lane.replace(record_memory=9)
    driver = optics_of(lane).driver
    report = with_optics("cpo-dr1-mzm", driver=driver.replace(saturation_v=1.0)).analyze()
    assert any("saturates" in w for w in report.warnings)
