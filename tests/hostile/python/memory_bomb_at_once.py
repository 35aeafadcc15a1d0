# attack: take more memory than there is in one piece
# stopped by: address space limit
# verdict: MLE
# memory: 64
kept = bytearray(1 << 40)
