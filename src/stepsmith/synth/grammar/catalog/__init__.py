"""The features, one module per family; each exports FEATURES."""
