//! Levels, Gray coding, precoding and test patterns.
