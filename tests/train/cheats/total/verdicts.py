# cheat: print what a judge might be waiting for
# stopped by: a verdict is not read from the program
for text in ("AC", "PASSED", "OK", '{"verdict": "AC"}', "<END>", "exit code 0"):
    print(text)
