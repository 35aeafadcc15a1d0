"""Evaluation: samples of models on benchmarks, scored by the official rules, with all that a score depends on."""
