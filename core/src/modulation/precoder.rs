//! The 1/(1+D) precoder, modulo the size of the alphabet.
//!
//! ```text
//! precode     P_j = (G_j - P_(j-1)) mod M          M = 4 for PAM4, 2 for NRZ
//! unprecode   G_j = (P_j + P_(j-1)) mod M          both start from P_(-1) = 0
//! ```
//!
//! IEEE 802.3 135.5.7.2. A run of decision errors of alternating sign becomes two wrong symbols, one where it
//! starts and one after its end; an isolated error also becomes two. A receiver that starts in the middle of a
//! stream is right from its second symbol on.

use super::{Modulation, require_symbols};
use crate::error::Result;

/// Precodes a stream block by block; the only state is the last symbol sent.
#[derive(Debug, Clone)]
pub struct Precoder {
    mask: u8,
    last: u8,
}

impl Precoder {
    /// A precoder that starts from 0.
    pub fn new(modulation: Modulation) -> Self {
        Self { mask: mask(modulation), last: 0 }
    }

    /// Precodes a block in place. Symbols are taken modulo the alphabet.
    pub fn process(&mut self, symbols: &mut [u8]) {
        for s in symbols {
            self.last = s.wrapping_sub(self.last) & self.mask;
            *s = self.last;
        }
    }
}

/// Undoes a [`Precoder`] block by block.
#[derive(Debug, Clone)]
pub struct Unprecoder {
    mask: u8,
    last: u8,
}

impl Unprecoder {
    /// The inverse of a precoder that started from 0.
    pub fn new(modulation: Modulation) -> Self {
        Self { mask: mask(modulation), last: 0 }
    }

    /// Unprecodes a block in place. Symbols are taken modulo the alphabet.
    pub fn process(&mut self, symbols: &mut [u8]) {
        for s in symbols {
            let received = *s & self.mask;
            *s = received.wrapping_add(self.last) & self.mask;
            self.last = received;
        }
    }
}

/// Precodes symbols from 0.
///
/// # Errors
/// [`crate::Error::Parameter`] for a symbol outside the alphabet.
///
/// ```
/// use lightlane::modulation::{Modulation, precode};
/// assert_eq!(precode(Modulation::Pam4, &[1, 1, 3, 0])?, [1, 0, 3, 1]);
/// # Ok::<(), lightlane::Error>(())
/// ```
pub fn precode(modulation: Modulation, symbols: &[u8]) -> Result<Vec<u8>> {
    require_symbols(symbols, modulation.n_levels())?;
    let mut out = symbols.to_vec();
    Precoder::new(modulation).process(&mut out);
    Ok(out)
}

/// Undoes [`precode`].
///
/// # Errors
/// [`crate::Error::Parameter`] for a symbol outside the alphabet.
pub fn unprecode(modulation: Modulation, symbols: &[u8]) -> Result<Vec<u8>> {
    require_symbols(symbols, modulation.n_levels())?;
    let mut out = symbols.to_vec();
    Unprecoder::new(modulation).process(&mut out);
    Ok(out)
}

fn mask(modulation: Modulation) -> u8 {
    match modulation {
        Modulation::Pam4 => 3,
        Modulation::Nrz => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(n_levels: u32) -> Vec<u8> {
        (0..997u32).map(|i| ((i * i + i / 7) % n_levels) as u8).collect()
    }

    #[test]
    fn round_trips_and_blocks_do_not_matter() {
        for m in [Modulation::Pam4, Modulation::Nrz] {
            let sent = sequence(m.n_levels() as u32);
            let coded = precode(m, &sent).expect("in range");
            assert_eq!(unprecode(m, &coded).expect("in range"), sent);
            let (mut blocks, mut precoder) = (sent.clone(), Precoder::new(m));
            blocks.chunks_mut(13).for_each(|b| precoder.process(b));
            assert_eq!(blocks, coded);
        }
    }

    #[test]
    fn an_alternating_burst_becomes_two_errors() {
        let sent = sequence(4);
        let mut received = precode(Modulation::Pam4, &sent).expect("in range");
        for (k, i) in (100..109).enumerate() {
            received[i] = if k % 2 == 0 { received[i] + 1 } else { received[i] + 3 } & 3;
        }
        let decoded = unprecode(Modulation::Pam4, &received).expect("in range");
        let wrong: Vec<usize> = (0..sent.len()).filter(|i| decoded[*i] != sent[*i]).collect();
        assert_eq!(wrong, [100, 109]);
    }

    #[test]
    fn symbols_outside_the_alphabet_are_refused() {
        assert!(precode(Modulation::Pam4, &[4]).is_err());
        assert!(unprecode(Modulation::Nrz, &[0, 2]).is_err());
    }
}
