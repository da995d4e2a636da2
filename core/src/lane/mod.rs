//! What a lane is made of and how it is composed.
