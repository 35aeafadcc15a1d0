def digits(n):
    return tuple(map(int, str(n)))
