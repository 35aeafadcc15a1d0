# attack: print without end
# stopped by: file size limit on the output
# verdict: OLE
# output: 1
while True:
    print("x" * 1000)
