import sys

from helper import number

_, input_path, answer_path, feedback_dir, *flags = sys.argv
assert flags == ["largest", "1000"], flags


def reject(why):
    with open(feedback_dir + "judgemessage.txt", "w") as message:
        message.write(why)
    sys.exit(43)


n = number(open(input_path).read())
judge_found = open(answer_path).read().split() != ["none"]
words = sys.stdin.read().split()
if words == ["none"]:
    reject("there is a factor") if judge_found else sys.exit(42)
if len(words) != 1 or (factor := number(words[0])) is None:
    reject("expected one number or none")
if not 1 < factor < n or n % factor:
    reject(f"{factor} is no proper factor of {n}")
if not judge_found:
    raise RuntimeError("the program found a factor where the judge has none")
sys.exit(42)
