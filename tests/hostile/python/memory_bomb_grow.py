# attack: take memory piece by piece
# stopped by: memory limit
# verdict: MLE
# memory: 64
kept = []
while True:
    kept.append(bytearray(1 << 20))
