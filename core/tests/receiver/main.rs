//! The receiver: from a link to what the slicer sees.

mod disturbances;
mod equalize;
mod links;
mod mmse;
mod record;
