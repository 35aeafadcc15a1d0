"""Labels: what the right outputs are, which candidate is golden, and how sure both are."""
