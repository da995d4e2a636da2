//! Oracle of the equalizers inside a lane: sequence detection and adaptation answer soundly, or refuse by name.

use lightlane::engine::statistical::Prepared;
use lightlane::engine::time_domain::{Simulation, simulate, simulate_adaptive, simulate_sequence};
use lightlane::grid::SymbolRate;
use lightlane::modulation::Modulation;
use lightlane::receiver::{
    Adaptation, AdaptiveEqualizer, Algorithm, Dfe, Equalizer, Ffe, Mlsd, Receiver, SequenceDetector, Start,
};
use lightlane::response::{CrosstalkPhase, DecisionModel, SlicerNoise, SlicerSignal};
use lightlane::{Error, Run};

/// A response, its feedback and its noise, and how to equalize it.
#[derive(Debug, Clone)]
pub struct InLane {
    /// Response, one sample a symbol; the first is the cursor.
    pub cursors: Vec<f64>,
    /// Feedback taps, V per unit of level.
    pub dfe: Vec<f64>,
    /// Standard deviation of the noise, V.
    pub sigma_v: f64,
    /// Correlation of neighbouring noise samples.
    pub correlation: f64,
    /// PAM4 or NRZ.
    pub modulation: Modulation,
    /// Taps of the whitening filter.
    pub whitening_taps: usize,
    /// FFE taps.
    pub ffe: Vec<f64>,
    /// Step of the adaptation.
    pub step: f64,
}

impl InLane {
    /// A case from arbitrary bytes: taps between −8 and 8 in steps of 1/4096, small counts.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(6)?;
        let mut taps = rest.chunks_exact(2).map(|c| f64::from(i16::from_le_bytes([c[0], c[1]])) / 4096.0);
        let mut take = |count: u8| -> Vec<f64> { taps.by_ref().take(usize::from(count)).collect() };
        let (cursors, dfe, ffe) = (take(1 + head[0] % 6), take(head[1] % 4), take(1 + head[2] % 5));
        Some(Self {
            cursors,
            dfe,
            sigma_v: f64::from(head[3]) / 64.0,
            correlation: f64::from(head[4] as i8) / 256.0,
            modulation: if head[5] & 1 == 0 { Modulation::Pam4 } else { Modulation::Nrz },
            whitening_taps: usize::from(head[5] >> 1 & 3),
            ffe,
            step: f64::from(head[5] >> 3) / 256.0,
        })
    }

    /// What the slicer sees.
    fn model(&self) -> Result<DecisionModel, Error> {
        let levels = self.modulation.levels().to_vec();
        let v2 = self.sigma_v * self.sigma_v;
        Ok(DecisionModel {
            symbol_rate: SymbolRate::new(106.25e9)?,
            modulation: self.modulation,
            thresholds_v: Some(levels.windows(2).map(|w| 0.5 * (w[0] + w[1])).collect()),
            levels,
            signal: SlicerSignal::Linear { cursors: self.cursors.clone(), main: 0 },
            dfe: self.dfe.clone(),
            noise: SlicerNoise {
                autocorrelation_v2: vec![v2, self.correlation * v2],
                ..SlicerNoise::default()
            },
            crosstalk: vec![],
            crosstalk_phase: CrosstalkPhase::default(),
            jitter: None,
        })
    }

    /// Checks detection and adaptation.
    ///
    /// # Panics
    /// When an answer is unsound, or an error is of the wrong kind.
    pub fn check(&self) {
        for result in [self.check_detection(), self.check_adaptation()] {
            if let Err(e) = result {
                assert!(matches!(e, Error::Parameter { .. } | Error::Convergence { .. }), "{e}: {self:?}");
            }
        }
    }

    fn check_detection(&self) -> Result<(), Error> {
        let model = self.model()?;
        let detector = SequenceDetector::new(&model, &Mlsd { whitening_taps: self.whitening_taps })?;
        assert!(detector.states() <= 64 && detector.memory() <= 3, "{detector:?}");
        let simulation = Simulation { n_symbols: 300, ..Simulation::default() };
        let found = simulate_sequence(&model, &detector, &simulation)?;
        assert_eq!(found.dfe, simulate(&model, &simulation)?, "{self:?}");
        let runs = found.counts.burst_lengths.iter().enumerate();
        assert_eq!(runs.map(|(l, n)| l as u64 * n).sum::<u64>(), found.counts.n_symbol_errors);
        let prepared = Prepared::with_detector(&model, &detector, &Run::default())?;
        for scale in [0.5, 1.0, 3.0] {
            let (mlsd, dfe) = (prepared.ratios(scale), prepared.feedback_ratios(scale));
            for p in [mlsd.ser, mlsd.ber, mlsd.continue_probability, dfe.ser] {
                assert!((0.0..=1.0).contains(&p), "{self:?}: {mlsd:?} {dfe:?}");
            }
            assert!(mlsd.ser <= dfe.ser, "{self:?}: {mlsd:?} {dfe:?}");
        }
        Ok(())
    }

    fn check_adaptation(&self) -> Result<(), Error> {
        let input = DecisionModel { dfe: vec![], ..self.model()? };
        let receiver = Receiver {
            ffe: Some(Ffe::new(0, self.ffe.len().saturating_sub(1))),
            dfe: Some(Dfe::unlimited(self.dfe.len())),
            ..Receiver::default()
        };
        let equalizer = Equalizer {
            ctle_gdc_db: None,
            ctle_gdc2_db: None,
            ffe: self.ffe.clone(),
            ffe_pre: 0,
            dfe: self.dfe.clone(),
            sampling_ui: 0.0,
            sampling_offset_ui: 0.0,
            cursor: 1.0,
            mse_v2: 0.0,
            snr_db: 0.0,
            thresholds_v: None,
        };
        for (algorithm, start) in [(Algorithm::Lms, Start::Lane), (Algorithm::SignSign, Start::Wire)] {
            let adaptation = Adaptation {
                step: self.step,
                algorithm,
                start,
                training_symbols: 200,
                settling_symbols: 100,
                trace_symbols: 64,
                ..Adaptation::default()
            };
            let adaptive = AdaptiveEqualizer::new(&adaptation, &equalizer, &receiver, &input)?;
            let simulation = Simulation { n_symbols: 300, ..Simulation::default() };
            let found = simulate_adaptive(&input, &adaptive, &adaptation, &simulation)?;
            let learnt = &found.adapted;
            let numbers = learnt.ffe.iter().chain(&learnt.dfe).chain(&learnt.error_rms_trace);
            assert!(numbers.chain([&learnt.error_rms]).all(|x| x.is_finite()), "{self:?} {found:?}");
            assert_eq!((found.counts.n_symbols, learnt.error_rms_trace.len()), (300, 4));
        }
        Ok(())
    }
}
