//! What an analysis tells.
