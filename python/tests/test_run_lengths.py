"""How long a run may be, in every mode of the time domain."""

import pytest

import lightlane as ll

LANE = ll.Lane(receiver=ll.Receiver(noise_v2_per_hz=1e-16, bandwidth_hz=50e9, ffe=ll.Ffe(pre=1, post=1)))
FEEDBACK = LANE.replace(receiver=LANE.receiver.replace(dfe=ll.Dfe(taps=1)))
MODES = {
    "baud": (LANE, {}),
    "waveform": (LANE, {"mode": "waveform"}),
    "adaptive": (FEEDBACK, {"adapt": ll.Adaptation(step=1e-3)}),
    "sequence": (FEEDBACK.replace(receiver=FEEDBACK.receiver.replace(mlsd=True)), {}),
}


@pytest.mark.parametrize("n_symbols", [0, 2**53 + 1])
@pytest.mark.parametrize("mode", MODES)
def test_a_run_has_at_least_one_symbol_and_counts_that_a_float_holds(mode, n_symbols):
    lane, settings = MODES[mode]
    with pytest.raises(ll.ParameterError, match=r"n_symbols = \d+: must be between 1 and 2\^53") as caught:
        lane.simulate(n_symbols, **settings)
    assert (caught.value.name, caught.value.value) == ("n_symbols", n_symbols)


@pytest.mark.parametrize("n_symbols", [-1, 1.5, "many", None])
@pytest.mark.parametrize("mode", MODES)
def test_a_number_of_symbols_is_a_whole_number(mode, n_symbols):
    lane, settings = MODES[mode]
    with pytest.raises((ll.ParameterError, TypeError), match="n_symbols"):
        lane.simulate(n_symbols, **settings)
