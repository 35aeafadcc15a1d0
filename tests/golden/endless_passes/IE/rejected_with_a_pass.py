print("rejected, and another pass")
