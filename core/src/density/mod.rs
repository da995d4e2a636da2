//! Probability densities on a uniform voltage grid.
