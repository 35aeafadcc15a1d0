"""X-Coder's teacher (SynthSmith, arXiv 2601.06953): features → plan → statement → inputs → solutions that vote."""
