action, text, *_ = input().split()
if action == "send":
    print("".join(3 * digit for digit in f"{int(text):030b}"))
else:
    print(int("".join(str(int(text[i : i + 3].count("1") > 1)) for i in range(0, len(text), 3)), 2))
