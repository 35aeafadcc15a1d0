n = int(input())
for a in range(1, n + 1):
    for b in range(a + 1, n + 1):
        print(b, a)
