//! Electrical blocks: lines, packages, cables, lumped elements, and the synthetic channels built of them.
