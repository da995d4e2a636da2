"""Lanes with retimers: their segments, their counts, and how they are written."""

from __future__ import annotations

import json

import numpy as np
import pytest

import lightlane as ll
from lightlane._cli import main

NOISE = 9e-16


def noisy(**changes) -> ll.Lane:
    """Copper without crosstalk at the noise at which errors can be counted."""
    lane = ll.presets.lane("copper-c2m")
    receiver = lane.receiver.replace(noise_v2_per_hz=NOISE)
    return lane.replace(receiver=receiver, aggressors=[], **changes)


def twice() -> ll.Lane:
    lane = noisy()
    before = [block.replace(name=f"{block.name}_0") for block in lane.medium]
    after = [block.replace(name=f"{block.name}_1") for block in lane.medium]
    middle = ll.Retimer(name="middle", receiver=lane.receiver, transmitter=lane.transmitter)
    return lane.replace(medium=[*before, middle, *after], name="twice")


def test_error_ratios_add_and_each_segment_is_a_lane():
    lane = twice()
    report, alone = lane.analyze(), noisy().analyze()
    assert report.ber == pytest.approx(2 * alone.ber, rel=1e-12)
    assert report.ser == pytest.approx(2 * alone.ser, rel=1e-12)
    assert [part.ber for part in report.segments] == [alone.ber, alone.ber]
    assert report.worst_segment == 0
    assert alone.worst_segment is None
    assert alone.segments == ()
    assert report.margin_db < alone.margin_db
    assert report.frame_loss_ratio > 2 * alone.frame_loss_ratio
    names = [part.lane.name for part in report.segments]
    assert names == ["twice: transmitter to middle", "twice: middle to receiver"]
    assert [part.name for part in lane.segments()] == names
    assert lane.segments()[1].analyze().ber == alone.ber
    # What the worst segment's slicer sees is shown as the lane's.
    assert np.array_equal(report.equalizer.ffe, report.segments[0].equalizer.ffe)
    assert np.array_equal(report.eye.density, report.segments[0].eye.density)
    assert report.operating_margin().com_db == report.segments[0].operating_margin().com_db
    assert report.plot().axes
    card = report._repr_html_()
    assert all(name in card for name in names)


def test_the_resolved_lane_is_the_same_lane():
    report = twice().analyze()
    again = report.lane.analyze()
    assert again.ber == report.ber
    assert again.lane == report.lane
    assert report.lane.medium[3].receiver.ffe.taps is not None


@pytest.mark.parametrize("mode", ["baud", "waveform"])
def test_a_count_agrees_and_tells_its_segments(mode):
    lane = twice()
    report = lane.analyze()
    run = lane.simulate(200_000, mode=mode, seed=2)
    assert run.agrees_with(report)
    assert all(part.agrees_with(of) for part, of in zip(run.segments, report.segments, strict=True))
    wrong = sum(part.n_bit_errors for part in run.segments)
    # Errors that meet are few: a hundredth of a thousandth.
    assert 0.97 * wrong <= run.n_bit_errors <= 1.03 * wrong
    assert "segment 1" in run._repr_html_()
    if mode == "waveform":
        assert run.eye.density.shape == run.segments[0].eye.density.shape


def test_a_run_stops_and_threads_do_not_matter():
    lane = twice()
    told = []
    one = lane.simulate(
        1_000_000, stop_at_bit_errors=300, threads=1, progress=lambda done, total: told.append((done, total))
    )
    two = lane.simulate(1_000_000, stop_at_bit_errors=300, threads=2)
    assert 300 <= one.n_bit_errors == two.n_bit_errors
    assert one.n_symbols == two.n_symbols < 1_000_000
    assert all(0 <= done <= total for done, total in told)
    assert lane.simulate(one.n_symbols).n_bit_errors == one.n_bit_errors


def test_rare_events_add():
    lane = twice()
    report, run = lane.analyze(), lane.simulate_rare(20_000)
    assert run.ber == pytest.approx(report.ber, rel=0.05 + 4 * run.relative_error)


def test_sequence_detection_in_a_retimer_is_a_bound_of_the_lane():
    lane = twice()
    medium = list(lane.medium)
    medium[3] = medium[3].replace(receiver=medium[3].receiver.replace(mlsd=True))
    lane = lane.replace(medium=medium)
    report = lane.analyze()
    assert report.ber_kind == "bound"
    run = lane.simulate(200_000)
    assert run.agrees_with(report)
    assert run.segments[0].agrees_with(report.segments[0])
    with pytest.raises(ll.ParameterError, match=r"receiver\.mlsd"):
        lane.simulate_rare(1000)


def test_lanes_with_retimers_are_written_and_read():
    lane = twice()
    assert ll.Lane.from_toml(lane.to_toml()) == lane
    assert ll.Lane.from_json(lane.to_json()) == lane
    default = ll.Lane(medium=[ll.Retimer()])
    assert ll.Lane.from_toml(default.to_toml()) == default
    shared = ll.presets.lane("copper-c2m")
    assert default.medium[0].receiver == shared.receiver
    assert default.medium[0].transmitter == shared.transmitter
    with pytest.raises(ValueError, match="reciever"):
        ll.Lane.from_toml(default.to_toml().replace("[medium.receiver", "[medium.reciever"))


@pytest.mark.parametrize(
    ("lane", "name"),
    [
        (lambda: ll.Lane(medium=[ll.Retimer()] * 5), "medium"),
        (lambda: ll.Lane(medium=[ll.Optics(), ll.Optics()]), r"medium\.1"),
        (lambda: ll.Lane(medium=[ll.Retimer(receiver=ll.Receiver(noise_v2_per_hz=-1))]), r"noise_v2_per_hz"),
        (
            lambda: ll.Lane(
                medium=[ll.Synthetic(name="a"), ll.Retimer(), ll.Synthetic(name="b")],
                aggressors=[ll.Aggressor(ll.Synthetic(path="fext1"))],
            ),
            r"aggressors\.0\.place",
        ),
        (
            lambda: ll.Lane(
                medium=[ll.Synthetic(name="a")],
                aggressors=[ll.Aggressor(ll.Synthetic(path="fext1"), place="b")],
            ),
            r"aggressors\.0\.place",
        ),
    ],
)
def test_lanes_that_cannot_be_are_refused(lane, name):
    with pytest.raises(ll.ParameterError, match=name):
        lane()


def test_what_takes_one_segment_says_so():
    lane = twice()
    with pytest.raises(ll.ParameterError, match=r"lane\.segments\(\)"):
        lane.simulate(1000, adapt=ll.Adaptation())
    with pytest.raises(ll.ParameterError, match=r"lane\.segments\(\)"):
        lane.jitter_tolerance([1e6], ber_limit=1e-2)
    optical = ll.presets.lane("retimed-dr1")
    for call in (
        lambda: optical.jitter_transfer([1e6]),
        optical.sensitivity,
        optical.stressed_sensitivity,
        optical.power_penalties,
        optical.light,
        optical.tdecq,
        lambda: optical.alignment_yield(ll.Alignment()),
    ):
        with pytest.raises(ll.ParameterError, match=r"lane\.segments\(\)"):
            call()


def test_optical_sections_of_different_kinds_are_both_charged():
    lane = ll.presets.lane("cpo-dr1")
    ring, mzm = (
        next(block for block in ll.presets.lane(name).medium if isinstance(block, ll.Optics))
        for name in ("cpo-dr1", "cpo-dr1-mzm")
    )
    mzm = mzm.replace(module="pluggable")

    def report(first: ll.Optics, second: ll.Optics) -> ll.LaneReport:
        # The same host receiver behind the same last retimer, so that the lanes differ in optics alone.
        medium = [
            first.replace(name="a"),
            ll.Retimer(name="b"),
            second.replace(name="c"),
            ll.Retimer(name="d"),
        ]
        return lane.replace(medium=medium).analyze()

    mixed, rings, mzms = report(ring, mzm), report(ring, ring), report(mzm, mzm)
    energies = [r.energy_j_per_bit.value for r in (rings, mixed, mzms)]
    assert energies[0] != pytest.approx(energies[2], rel=0.01)
    assert energies[1] == pytest.approx((energies[0] + energies[2]) / 2, rel=1e-9)
    assert len([stage for stage in mixed.stages if stage["name"].endswith(" laser")]) == 2
    assert report(mzm, ring).energy_j_per_bit.value == pytest.approx(energies[1], rel=1e-9)


def test_the_shipped_lanes_differ_where_they_should():
    reports = {name: ll.presets.lane(name).analyze() for name in ll.presets.names()}
    assert all(report.margin_db > 0 for report in reports.values()), reports
    energy = {name: report.energy_j_per_bit.value for name, report in reports.items()}
    assert energy["retimed-dr1"] > energy["lpo-dr1"] > energy["npo-dr1"] >= energy["cpo-dr1"]
    # Four taps instead of an equalizer of 23 and a feedback, and a laser of an eighth for as many lanes.
    assert energy["cpo-nrz-wdm"] < energy["cpo-dr1"]
    latency = {name: report.latency_s.value for name, report in reports.items()}
    assert latency["retimed-dr1"] > latency["lpo-dr1"] + 100e-9
    loss = {name: report.electrical_loss_db for name, report in reports.items()}
    assert 36 < loss["copper-cr1"] < 42
    assert 20 < loss["retimed-dr1"] < 25
    assert 12 < loss["lpo-dr1"] < 16
    assert loss["cpo-dr1"] < loss["npo-dr1"] < loss["lpo-dr1"]
    retimed = reports["retimed-dr1"]
    assert len(retimed.segments) == 3
    assert [bool(part.stages) for part in retimed.segments] == [False, True, False]
    assert retimed.stages == retimed.segments[1].stages


def test_the_command_line_shows_segments(tmp_path, capsys):
    path = tmp_path / "twice.toml"
    twice().to_toml(path)
    main(["run", str(path)])
    out = capsys.readouterr().out
    assert "twice: middle to receiver" in out
    main(["compare", str(path), "copper-c2m", "--json"])
    figures = json.loads(capsys.readouterr().out)
    assert len(figures["same_serdes"][0]["segments"]) == 2
