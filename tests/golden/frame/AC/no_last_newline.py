n = int(input())
rows = ["*" * n if row in (0, n - 1) else "*" + " " * (n - 2) + "*" for row in range(n)]
print("\n".join(rows), end="")
