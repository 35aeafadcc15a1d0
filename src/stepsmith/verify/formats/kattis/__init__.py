"""Kattis problem packages, formats *legacy* and *2025-09*: what they ask for is honoured, or refused by name."""
