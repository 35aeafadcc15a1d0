"""Inputs that tell two programs apart: which inputs are legal, how to find such ones, and how to shrink them."""
