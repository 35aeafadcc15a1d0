# attack: catch the refusal and go on taking memory
# stopped by: memory limit; the peak counts, whatever the program does later
# verdict: MLE
# memory: 64
kept = []
size = 1 << 24
while size > 1 << 12:
    try:
        kept.append(bytearray(size))
    except MemoryError:
        size //= 2
kept.clear()
print("held")
