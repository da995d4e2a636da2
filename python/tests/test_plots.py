"""What plots say: legends, labels inside the axes, names that can be read."""

from __future__ import annotations

import itertools

import matplotlib as mpl
import numpy as np
import pytest

import lightlane as ll

mpl.use("Agg")


def report_of(length_m=0.02, noise_v2_per_hz=1e-14, **receiver):
    receiver = ll.Receiver(noise_v2_per_hz=noise_v2_per_hz, **receiver)
    return ll.Lane(medium=[ll.Trace(length_m=length_m)], receiver=receiver).analyze()


def legend_of(ax):
    legend = ax.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def test_the_bathtub_says_what_its_feedback_is() -> None:
    plain = report_of(ffe=ll.Ffe(pre=2, post=3))
    assert legend_of(plain.plot.bathtub())[0] == "BER"
    fed_back = report_of(noise_v2_per_hz=1e-13, ffe=ll.Ffe(pre=2, post=3), dfe=ll.Dfe(taps=1))
    ax = fed_back.plot.bathtub()
    told = legend_of(ax)
    assert told[0] == "BER, ideal feedback"
    assert f"BER {fed_back.ber:.2e}, feedback of decisions" in told
    # The curve passes through the figure without error propagation, the cross marks the one with it.
    heights = [line.get_ydata()[0] for line in ax.get_lines() if len(line.get_ydata()) == 1]
    assert heights == pytest.approx([fed_back.ber_ideal_feedback, fed_back.ber])


def test_a_closed_eye_has_no_legend_of_contours() -> None:
    closed = report_of(length_m=0.3, noise_v2_per_hz=1e-12)
    assert np.isnan(closed.eye.contours_v).all()
    assert legend_of(closed.plot.eye()) == []
    for name in ("eye", "bathtub", "pulse"):
        ax = getattr(report_of(ffe=ll.Ffe(pre=2, post=3)).plot, name)()
        drawn = {h.get_label() for h in ax.get_lines() if np.isfinite(np.asarray(h.get_ydata(), float)).any()}
        assert set(legend_of(ax)) <= drawn


@pytest.mark.parametrize("length_m", [0.02, 1.5, 6.0])
def test_the_label_at_nyquist_is_inside_the_axes(length_m) -> None:
    ax = report_of(length_m=length_m).plot.channel()
    (label,) = ax.texts
    bottom, top = ax.get_ylim()
    assert bottom <= label.xy[1] <= top
    assert label.get_text().endswith("GHz")
    assert ("below -120.0 dB" in label.get_text()) == (length_m == 6.0)


@pytest.mark.parametrize("n", [2, 8])
def test_long_names_of_a_comparison_can_be_read(n) -> None:
    lane = ll.Lane(transmitter=ll.Transmitter(amplitude_v=0.5), receiver=ll.Receiver(noise_v2_per_hz=1e-14))
    names = [f"copper-c2m_C2M__Z100_IL14_WC_BOR_H_L_H_THRU_{i}" for i in range(n)]
    figure = ll.compare(**dict.fromkeys(names, lane)).plot()
    figure.draw_without_rendering()
    for ax in (figure.axes[0], figure.axes[2]):
        labels = ax.get_yticklabels()
        assert ["".join(label.get_text().split()) for label in labels] == names
        boxes = [label.get_window_extent() for label in labels]
        assert not any(a.overlaps(b) for a, b in itertools.pairwise(boxes))
        assert all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= ax.get_window_extent().x0 for box in boxes)
