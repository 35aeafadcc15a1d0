action, text, *_ = input().split()
if action == "send":
    print("1")
while action != "send":
    pass
