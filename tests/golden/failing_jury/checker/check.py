import sys

input_path, output_path, answer_path = sys.argv[1:4]
word = open(output_path).read().strip()
if word == "crash":
    raise RuntimeError("a bug in the checker")
if word == "fail":
    sys.exit(3)
sys.exit(0 if word == open(answer_path).read().strip() else 1)
