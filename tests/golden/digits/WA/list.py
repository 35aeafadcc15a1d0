def digits(n):
    return list(map(int, str(n)))
