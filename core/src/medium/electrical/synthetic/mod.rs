//! Synthetic channels: complete copper paths with crosstalk, computed from recipes, free of any licence.
//!
//! A recipe is a list of blocks (trace, via, connector, cable) with seeded impedance tolerances, a skew within the
//! pair, and coupling to neighbouring pairs. All networks are four-ports of 50 ohm with ports 1→2 the P leg and
//! 3→4 the N leg; in an aggressor's network ports 1, 3 are its driver and 2, 4 the victim's receiver.
//!
//! Crosstalk is exact for two equal pairs: with coupling coefficients kL = Lm/L and kC = Cm/C the two pairs have an
//! even and an odd mode, lines of L(1 ± kL) and C(1 ∓ kC), and
//!
//! ```text
//! FEXT = (S21_even - S21_odd)/2 ≈ -jw (kL - kC)/2 · delay · S21      NEXT = (S22_even - S22_odd)/2 ~ (kL + kC)/4
//! ```
//!
//! so every network is a part of a passive, reciprocal and causal one and inherits that. The thru response leaves
//! the neighbours out, which is right to second order in k (below 1e-3 dB at the shipped values).
//!
//! What it does not claim: the recipes imitate the loss, ripple and crosstalk of 802.3dj channels, they reproduce
//! no measured one, and aggressors see the same tolerances as their victim.

mod build;
mod recipe;

pub use recipe::{SyntheticBlock, SyntheticChannel, SyntheticSection};
