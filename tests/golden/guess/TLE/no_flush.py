import sys

low, high = 1, 1000
while True:
    middle = (low + high) // 2
    sys.stdout.write(f"{middle}\n")
    answer = sys.stdin.readline().strip()
    if answer == "right":
        break
    if answer == "lower":
        high = middle - 1
    else:
        low = middle + 1
