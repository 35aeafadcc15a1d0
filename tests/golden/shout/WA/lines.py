print(*input().upper().split(), sep="\n")
