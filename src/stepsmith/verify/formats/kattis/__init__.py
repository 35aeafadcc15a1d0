"""Kattis problem packages, formats *legacy* and *2025-09*. A feature that is not served is refused by its name."""
