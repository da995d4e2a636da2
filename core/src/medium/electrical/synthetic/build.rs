//! From a recipe to four-ports.

use super::super::four_port::{Block, PairScattering, extend_single_ended, half, single_ended_network};
use super::super::ladder::{Element, Kind, Ladder, Scale};
use super::recipe::{SyntheticBlock, SyntheticChannel};
use crate::error::{Error, Result};
use crate::medium::Network;
use std::f64::consts::TAU;

/// No channel is cut into more elements than this: a shorter piece is a mistake of units.
const MAX_ELEMENTS: usize = 10_000;

/// Purposes that draw from the seed; each has its own stream.
#[derive(Clone, Copy)]
enum Draw {
    Length = 1,
    Impedance = 2,
    Fext = 3,
    Next = 4,
}

/// A channel cut into elements, each with its tolerance and its place in the recipe.
struct Cut {
    ladder: Ladder,
    /// Impedance over nominal, one an element.
    impedance: Vec<f64>,
    /// Recipe section, one an element.
    section: Vec<usize>,
}

/// Even and odd mode of the victim with one neighbour.
struct Modes {
    even: PairScattering,
    odd: PairScattering,
}

impl SyntheticChannel {
    /// The victim's own four-port.
    ///
    /// # Errors
    /// As [`SyntheticChannel::validate`] and the blocks' own checks.
    pub fn thru(&self) -> Result<Network> {
        let cut = self.cut()?;
        let freq_hz = self.freq_hz();
        let constants = cut.ladder.constants(&freq_hz)?;
        let models = cut.ladder.models.len();
        let mut s = Vec::with_capacity(16 * freq_hz.len());
        for (k, &f) in freq_hz.iter().enumerate() {
            let here = &constants[k * models..(k + 1) * models];
            let pair = cut.ladder.pair_chain(TAU * f, here, |i, scale| scale.impedance(cut.impedance[i]));
            let pair = pair.scattering();
            extend_single_ended(&mut s, &pair.near, &pair.transmission, &pair.far);
        }
        single_ended_network(&freq_hz, s)
    }

    /// Far-end crosstalk of aggressor `index` (from 0): its driver beside the transmitter.
    ///
    /// # Errors
    /// As [`SyntheticChannel::thru`]; an index without an aggressor.
    pub fn fext(&self, index: usize) -> Result<Network> {
        let factors = self.factors("fext", &self.fext, index, Draw::Fext)?;
        self.crosstalk(&factors, |modes| {
            let near = half(&modes.even.near, &modes.odd.near, 1.0);
            let far = half(&modes.even.far, &modes.odd.far, 1.0);
            (near, half(&modes.even.transmission, &modes.odd.transmission, -1.0), far)
        })
    }

    /// Near-end crosstalk of aggressor `index` (from 0): its driver beside the receiver.
    ///
    /// # Errors
    /// As [`SyntheticChannel::thru`]; an index without an aggressor.
    pub fn next(&self, index: usize) -> Result<Network> {
        let factors = self.factors("next", &self.next, index, Draw::Next)?;
        self.crosstalk(&factors, |modes| {
            let far = half(&modes.even.far, &modes.odd.far, 1.0);
            (far, half(&modes.even.far, &modes.odd.far, -1.0), far)
        })
    }

    /// Factors on the coupling of every section for one aggressor: its own, varied by up to 40 % a section.
    fn factors(&self, name: &str, of: &[f64], index: usize, draw: Draw) -> Result<Vec<f64>> {
        let Some(factor) = of.get(index) else {
            return Err(Error::parameter(name, index, format!("an aggressor below {}", of.len())));
        };
        Ok((0..self.sections.len())
            .map(|i| factor * (0.6 + 0.8 * uniform(self.seed, draw, (index * 4096 + i) as u64)))
            .collect())
    }

    fn crosstalk(
        &self,
        factors: &[f64],
        blocks: impl Fn(&Modes) -> (Block, Block, Block),
    ) -> Result<Network> {
        let cut = self.cut()?;
        let freq_hz = self.freq_hz();
        let constants = cut.ladder.constants(&freq_hz)?;
        let models = cut.ladder.models.len();
        let coupling: Vec<(f64, f64)> = cut
            .section
            .iter()
            .map(|&i| {
                let (section, factor) = (&self.sections[i], factors[i]);
                (section.inductive_coupling * factor, section.capacitive_coupling * factor)
            })
            .collect();
        let mut s = Vec::with_capacity(16 * freq_hz.len());
        for (k, &f) in freq_hz.iter().enumerate() {
            let here = &constants[k * models..(k + 1) * models];
            let mode = |sign: f64| {
                let scale = |i: usize, scale: Scale| {
                    let (inductive, capacitive) = coupling[i];
                    scale.impedance(cut.impedance[i]).coupled(sign, inductive, capacitive)
                };
                cut.ladder.pair_chain(TAU * f, here, scale).scattering()
            };
            let (near, across, far) = blocks(&Modes { even: mode(1.0), odd: mode(-1.0) });
            extend_single_ended(&mut s, &near, &across, &far);
        }
        single_ended_network(&freq_hz, s)
    }

    /// Cuts lines into pieces and draws every element's impedance.
    fn cut(&self) -> Result<Cut> {
        self.validate()?;
        let mut cut = Cut { ladder: Ladder::new(0.25), impedance: Vec::new(), section: Vec::new() };
        for (i, section) in self.sections.iter().enumerate() {
            let block = match &section.block {
                SyntheticBlock::Trace(b) => b.ladder(),
                SyntheticBlock::Twinax(b) => b.ladder(),
                SyntheticBlock::Via(b) => b.ladder(),
                SyntheticBlock::BoardConnector(b) => b.ladder(),
            }
            .map_err(|e| within_section(e, i))?;
            cut.ladder.append(&self.pieces(block, cut.ladder.elements.len())?);
            cut.section.resize(cut.ladder.elements.len(), i);
        }
        cut.impedance = (0..cut.ladder.elements.len())
            .map(|i| 1.0 + self.tolerance * normal(self.seed, Draw::Impedance, i as u64))
            .collect();
        Ok(cut)
    }

    /// The block with its lines cut; `first` numbers the draws.
    fn pieces(&self, mut block: Ladder, first: usize) -> Result<Ladder> {
        let mut out = Vec::new();
        for element in block.elements {
            let Kind::Line { model, z0_ohm, length_m } = element.kind else {
                out.push(element);
                continue;
            };
            let n = (length_m / self.piece_length_m).ceil().max(1.0) as usize;
            if first + out.len() + n > MAX_ELEMENTS {
                let requirement = format!("so long that at most {MAX_ELEMENTS} pieces result");
                return Err(Error::parameter("piece_length_m", self.piece_length_m, requirement));
            }
            // Pieces between 0.7 and 1.3 of the mean: equal ones would ring together like a grating.
            let weights: Vec<f64> = (0..n)
                .map(|i| 0.7 + 0.6 * uniform(self.seed, Draw::Length, (first + out.len() + i) as u64))
                .collect();
            let total: f64 = weights.iter().sum();
            for weight in weights {
                let kind = Kind::Line { model, z0_ohm, length_m: length_m * weight / total };
                out.push(Element { kind, ..element });
            }
        }
        block.elements = out;
        Ok(block)
    }
}

/// Names the section in a block's error.
fn within_section(error: Error, index: usize) -> Error {
    match error {
        Error::Parameter { name, value, requirement } => {
            Error::Parameter { name: format!("sections.{index}.block.{name}"), value, requirement }
        }
        other => other,
    }
}

/// A number in [0, 1) of the seed's stream for this purpose: the finalizer of SplitMix64 (Steele, Lea, Flood 2014).
fn uniform(seed: u64, draw: Draw, index: u64) -> f64 {
    let mut z = seed
        .wrapping_add((draw as u64).wrapping_mul(0xD1B5_4A32_D192_ED03))
        .wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    for multiplier in [0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB] {
        z = (z ^ (z >> 30)).wrapping_mul(multiplier);
    }
    z ^= z >> 31;
    (z >> 11) as f64 / (1u64 << 53) as f64
}

/// Mean 0, standard deviation 1, bounded by 3.5: the sum of four uniform numbers.
fn normal(seed: u64, draw: Draw, index: u64) -> f64 {
    let sum: f64 = (0..4).map(|k| uniform(seed, draw, 4 * index + k)).sum();
    (sum - 2.0) * 3f64.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_stated_moments() {
        let n = 20_000;
        let draws: Vec<f64> = (0..n).map(|i| normal(7, Draw::Impedance, i)).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let variance = draws.iter().map(|d| d * d).sum::<f64>() / n as f64;
        // Five standard errors of 20,000 draws.
        assert!(mean.abs() < 0.035 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        assert!(draws.iter().all(|d| d.abs() < 3.47));
    }

    #[test]
    fn pieces_keep_the_length() {
        let channel = SyntheticChannel::default();
        let cut = channel.cut().unwrap();
        let total: f64 = cut
            .ladder
            .elements
            .iter()
            .map(|e| if let Kind::Line { length_m, .. } = e.kind { length_m } else { 0.0 })
            .sum();
        assert!((total - 0.1).abs() < 1e-15 && cut.ladder.elements.len() == 4);
        assert_eq!(cut.impedance.len(), 4);
    }

    #[test]
    fn errors_name_the_section() {
        let mut channel = SyntheticChannel::default();
        channel.sections[0].block =
            SyntheticBlock::Trace(super::super::super::Trace { df: -1.0, ..Default::default() });
        assert!(channel.thru().unwrap_err().to_string().starts_with("sections.0.block.df = -1"));
        assert!(channel.fext(0).is_err());
    }
}
