//! The shipped synthetic channels: their figures, and what they promise by construction.

use lightlane::medium::Network;
use lightlane::medium::electrical::{SyntheticBlock, SyntheticChannel, SyntheticSection, Trace};
use lightlane::units::amplitude_db;
use nalgebra::Matrix4;
use num_complex::Complex64;

const NYQUIST_HZ: f64 = 53.125e9;

/// Mixed-mode value from side `input` to side `out` (0 near, 1 far); mode signs -1 differential, +1 common.
fn mixed(n: &Network, k: usize, (out, out_sign): (usize, f64), (input, in_sign): (usize, f64)) -> Complex64 {
    let legs = |o: usize| n.at(k, o, input) + in_sign * n.at(k, o, input + 2);
    0.5 * (legs(out) + out_sign * legs(out + 2))
}

const D: f64 = -1.0;
const C: f64 = 1.0;

fn sdd21_db(n: &Network, k: usize) -> f64 {
    amplitude_db(mixed(n, k, (1, D), (0, D)).norm())
}

/// Every shipped channel on a grid of 125 MHz that holds the Nyquist frequency at index 425.
fn channels() -> Vec<SyntheticChannel> {
    SyntheticChannel::names()
        .unwrap()
        .iter()
        .map(|name| {
            let mut channel = SyntheticChannel::named(name).unwrap();
            (channel.freq_step_hz, channel.freq_max_hz) = (0.125e9, 110e9);
            channel
        })
        .collect()
}

const NYQUIST: usize = 425;

/// Root mean square of |.| over a range of indices, dB.
fn rms_db(range: std::ops::Range<usize>, value: impl Fn(usize) -> Complex64) -> f64 {
    let n = range.len() as f64;
    10.0 * (range.map(|k| value(k).norm_sqr()).sum::<f64>() / n).log10()
}

fn all_networks(channel: &SyntheticChannel) -> Vec<Network> {
    let mut all = vec![channel.thru().unwrap()];
    all.extend((0..channel.fext.len()).map(|i| channel.fext(i).unwrap()));
    all.extend((0..channel.next.len()).map(|i| channel.next(i).unwrap()));
    all
}

#[test]
fn losses_are_nominal() {
    let expected = [4.0, 16.0, 22.0, 28.0, 40.0];
    let channels = channels();
    assert_eq!(channels.iter().map(|c| c.nominal_loss_db).collect::<Vec<_>>(), expected);
    for channel in channels {
        let thru = channel.thru().unwrap();
        assert_eq!(thru.freq_hz()[NYQUIST], NYQUIST_HZ);
        let loss = -sdd21_db(&thru, NYQUIST);
        eprintln!("{}: {loss:.2} dB", channel.name);
        assert!((loss - channel.nominal_loss_db).abs() < 0.5, "{}: {loss:.2}", channel.name);
        // At rest only the resistance of the copper is left.
        assert!((0.0..0.5).contains(&-sdd21_db(&thru, 0)));
    }
}

#[test]
fn reflections_and_conversion_are_realistic() {
    for channel in channels() {
        let thru = channel.thru().unwrap();
        for side in [0, 1] {
            let reflected = |k| mixed(&thru, k, (side, D), (side, D));
            let rms = rms_db(0..480, reflected);
            let worst = (0..480).map(|k| amplitude_db(reflected(k).norm())).fold(f64::MIN, f64::max);
            eprintln!("{} side {side}: return loss rms {rms:.1}, worst {worst:.1} dB", channel.name);
            assert!((-20.0..-13.0).contains(&rms) && (-16.0..-9.5).contains(&worst));
        }
        let converted = |k| amplitude_db(mixed(&thru, k, (1, C), (0, D)).norm());
        let worst = (0..480).map(converted).fold(f64::MIN, f64::max);
        eprintln!("{}: Scd21 {worst:.1} dB", channel.name);
        assert!((-35.0..-25.0).contains(&worst));
    }
}

/// Far-end crosstalk stays 24 to 42 dB below the through response, so that the long channels remain usable; the
/// near-end one, which no loss attenuates, lies between -42 and -65 dB, lower for the longer channels.
#[test]
fn crosstalk_is_realistic() {
    for channel in channels() {
        assert!(channel.fext.len() >= 2 && !channel.next.is_empty());
        let thru = channel.thru().unwrap();
        let band = 400..450;
        let through = rms_db(band.clone(), |k| mixed(&thru, k, (1, D), (0, D)));
        for i in 0..channel.fext.len() {
            let fext = channel.fext(i).unwrap();
            let level = rms_db(band.clone(), |k| mixed(&fext, k, (1, D), (0, D)));
            eprintln!("{}: FEXT {i} {level:.1} dB, {:.1} below", channel.name, through - level);
            assert!((24.0..42.0).contains(&(through - level)));
        }
        for i in 0..channel.next.len() {
            let next = channel.next(i).unwrap();
            let level = rms_db(band.clone(), |k| mixed(&next, k, (1, D), (0, D)));
            eprintln!("{}: NEXT {i} {level:.1} dB, {:.1} below", channel.name, through - level);
            assert!((-65.0..-42.0).contains(&level) && through - level > 22.0);
        }
    }
}

#[test]
fn every_network_is_passive_and_reciprocal() {
    for channel in channels() {
        for (which, n) in all_networks(&channel).iter().enumerate() {
            for k in (0..n.freq_hz().len()).step_by(7) {
                let s = Matrix4::from_fn(|o, i| n.at(k, o, i));
                let largest = s.singular_values().max();
                assert!(largest <= 1.0 + 1e-9, "{} {which} at {}: {largest}", channel.name, n.freq_hz()[k]);
                // Rounding of sums of modal values in two orders.
                assert!((s - s.transpose()).norm() < 1e-12);
            }
            // A real system: real at rest.
            assert!((0..16).all(|i| n.s()[i].im.abs() < 1e-12));
        }
    }
}

#[test]
fn response_falls_smoothly() {
    for channel in channels() {
        let thru = channel.thru().unwrap();
        // Means over 10 GHz fall steadily: no null, no resonance; ripple is left inside each mean.
        let means: Vec<f64> =
            (0..11).map(|i| rms_db(80 * i..80 * (i + 1), |k| mixed(&thru, k, (1, D), (0, D)))).collect();
        assert!(means.windows(2).all(|w| w[1] < w[0] - 0.1), "{}: {means:?}", channel.name);
    }
}

#[test]
fn seeds_decide_every_bit() {
    let channel = SyntheticChannel { fext: vec![1.0], ..SyntheticChannel::default() };
    let channel = SyntheticChannel { freq_step_hz: 1e9, ..channel };
    assert_eq!(channel.thru().unwrap(), channel.clone().thru().unwrap());
    let other = SyntheticChannel { seed: 2, ..channel.clone() };
    assert_ne!(channel.thru().unwrap(), other.thru().unwrap());
    assert_ne!(channel.fext(0).unwrap(), other.fext(0).unwrap());
}

/// A uniform matched line: FEXT/thru = (e^{-j a} - e^{j a})/2, a = w tau (kL - kC)/2 times the aggressor's factor.
#[test]
fn far_end_crosstalk_grows_with_frequency_and_length() {
    let line = |length_m: f64, fext: f64| {
        let trace = Trace { length_m, df: 0.0, conductivity_s_per_m: 1e40, ..Trace::default() };
        let section = SyntheticSection {
            block: SyntheticBlock::Trace(Trace { roughness_rz_m: 0.0, ..trace }),
            inductive_coupling: 0.0010,
            capacitive_coupling: 0.0006,
        };
        SyntheticChannel {
            sections: vec![section],
            tolerance: 0.0,
            fext: vec![fext],
            next: vec![fext],
            freq_step_hz: 10e9,
            freq_max_hz: 40e9,
            ..SyntheticChannel::default()
        }
    };
    let level = |c: &SyntheticChannel, k: usize| mixed(&c.fext(0).unwrap(), k, (1, D), (0, D)).norm();
    let (short, long) = (line(0.05, 1.0), line(0.1, 1.0));
    // sin a = a to a²/6, and a < 0.05 here.
    assert!((level(&short, 2) / level(&short, 1) - 2.0).abs() < 1e-3);
    assert!((level(&long, 1) / level(&short, 1) - 2.0).abs() < 1e-3);
    assert!((level(&line(0.05, 0.5), 2) / level(&short, 2) - 0.5).abs() < 1e-3);
    let tau = 0.05 * 3.2f64.sqrt() / lightlane::units::SPEED_OF_LIGHT_M_PER_S;
    let unit = 0.5 * std::f64::consts::TAU * 10e9 * tau * 0.0004;
    // The aggressor's factor is drawn between 0.6 and 1.4.
    assert!((0.6..1.4).contains(&(level(&short, 1) / unit)));
    // The near end sees at most (kL + kC)/4 times 2 times the factor.
    let near = mixed(&short.next(0).unwrap(), 1, (1, D), (0, D)).norm();
    assert!(near > 0.0 && near < 1.4 * 0.0016 / 2.0);
}

#[test]
fn bad_recipes_are_named() {
    let error = SyntheticChannel::named("synthetic-c2m-16dB").unwrap_err().to_string();
    assert!(error.ends_with("did you mean \"synthetic-c2m-16db\"?"), "{error}");
    let channel = SyntheticChannel::default();
    let message = |c: SyntheticChannel| c.thru().unwrap_err().to_string();
    assert!(message(SyntheticChannel { tolerance: 0.5, ..channel.clone() }).starts_with("tolerance = 0.5"));
    assert!(message(SyntheticChannel { freq_step_hz: 1.0, ..channel.clone() }).starts_with("freq_max_hz / "));
    assert!(message(SyntheticChannel { sections: vec![], ..channel.clone() }).starts_with("sections = none"));
    let text = toml::to_string(&SyntheticChannel::named("synthetic-kr-40db").unwrap()).unwrap();
    assert_eq!(toml::from_str::<SyntheticChannel>(&text).unwrap().name, "synthetic-kr-40db");
    assert!(toml::from_str::<SyntheticChannel>("seeed = 1").is_err());
}
