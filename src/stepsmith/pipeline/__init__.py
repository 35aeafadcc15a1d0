"""The loops that connect the other packages: synthesis, training and studies, each in a file of its own."""
