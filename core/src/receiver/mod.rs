//! Receiver stages: filter, CTLE, FFE, DFE and their adaptation.
