"""Tests for diversity: inputs of every sort that the problem allows, few of them, that reach what its tests do not."""
