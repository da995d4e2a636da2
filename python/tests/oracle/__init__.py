"""A bit-by-bit, oversampled simulation of a lane in numpy alone.

It shares nothing with the package it checks but a lane's configuration, the channel's raw S-parameters, the settled
equalizer and the thresholds. Everything else is derived here from the published formulas.
"""
