raise RuntimeError("no decision")
