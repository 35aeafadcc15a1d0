print("1 2\n1 3\n1 3")
