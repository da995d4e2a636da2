//! The only place that knows the vector width.
