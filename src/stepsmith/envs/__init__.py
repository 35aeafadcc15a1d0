"""The environments, one file each: render a prompt, parse the answer, judge it."""
