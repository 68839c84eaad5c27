"""Benchmarks: one file per figure that the README quotes. Run by bin/bench."""
