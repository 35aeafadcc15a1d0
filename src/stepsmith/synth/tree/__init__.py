"""The feature tree: features of contest problems, as paths from seven categories down to leaves."""
