import sys

secret = int(open(sys.argv[1]).read())
for _ in range(12):
    guess = int(sys.stdin.readline())
    if guess == secret:
        print("right", flush=True)
        sys.exit(42)
    print("lower" if secret < guess else "higher", flush=True)
sys.exit(43)
