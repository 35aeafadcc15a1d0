action, text, *_ = input().split()
print(f"{int(text):030b}" if action == "send" else int(text, 2))
