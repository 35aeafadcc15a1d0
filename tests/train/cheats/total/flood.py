# cheat: write more than is read
# stopped by: OLE is a verdict, and scores nothing
while True:
    print("17\n-11\n36\n123\n" * 1000)
