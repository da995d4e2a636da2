//! The receiver: from a link to what the slicer sees.

mod disturbances;
mod equalize;
mod links;
mod lms;
mod mlsd;
mod mmse;
mod record;
