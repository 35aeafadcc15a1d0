print("abc", flush=True)
input()
