//! Responses in frequency and time, and the waist between medium and receiver.
