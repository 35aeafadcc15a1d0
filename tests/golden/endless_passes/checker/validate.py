import sys

word = sys.stdin.read().strip()
if word != "stop":
    open(sys.argv[3] + "nextpass.in", "w").write("again")
open(sys.argv[3] + "judgemessage.txt", "w").write(word)
sys.exit(42 if word == "go on" else 43)
