n = int(input())
for a in range(n, 0, -1):
    for b in range(n, a, -1):
        print(a, b)
