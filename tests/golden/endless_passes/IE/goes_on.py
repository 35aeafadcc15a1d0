print("go on")
