action, text, *_ = input().split()
print("1" if action == "send" else 1 // 0)
