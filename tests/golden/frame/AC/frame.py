n = int(input())
for row in range(n):
    print("*" * n if row in (0, n - 1) else "*" + " " * (n - 2) + "*")
