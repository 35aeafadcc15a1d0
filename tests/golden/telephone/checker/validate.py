import os
import sys

_, input_path, answer_path, feedback, least, most = sys.argv
assert (least, most) == ("32", "160")


def reject(why):
    with open(feedback + "judgemessage.txt", "a") as file:
        file.write(why)
    sys.exit(43)


action, *rest = open(input_path).read().split()
said = sys.stdin.read().split()
if action == "send":
    assert not os.path.exists(feedback + "state/number")
    if len(said) != 1 or set(said[0]) - {"0", "1"} or not 1 <= len(said[0]) <= int(most):
        reject("expected up to 160 digits")
    bits, place = said[0], int(rest[1]) % len(said[0])
    os.mkdir(feedback + "state")
    open(feedback + "state/number", "w").write(rest[0])
    turned = bits[:place] + "10"[int(bits[place])] + bits[place + 1 :]
    open(feedback + "nextpass.in", "w").write(f"receive {turned}\n")
    sys.exit(42)
assert not os.path.exists(feedback + "nextpass.in"), "the judge takes it away"
if said != [open(feedback + "state/number").read()]:
    reject(f"received {said}")
sys.exit(42)
