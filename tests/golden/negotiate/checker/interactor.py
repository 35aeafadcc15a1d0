import sys

feedback = sys.argv[3]
count = int(open(sys.argv[1]).read())
for n in range(count):
    print(n, flush=True)
    if sys.stdin.readline().split() != [str(2 * n)]:
        open(feedback + "judgemessage.txt", "w").write(f"{n} of {count}")
        sys.exit(43)
with open(feedback + "passes", "a") as passes:
    passes.write(f"{count}\n")
if open(feedback + "passes").read().count("\n") < 3:
    open(feedback + "nextpass.in", "w").write(str(count + 1))
sys.exit(42)
