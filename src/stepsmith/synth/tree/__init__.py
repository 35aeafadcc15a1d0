"""The feature tree: what competitive programming is made of, as paths from seven categories down to leaves."""
