"""Running untrusted programs: isolation levels, limits, raw outcomes."""
