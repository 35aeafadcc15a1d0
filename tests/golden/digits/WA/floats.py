def digits(n):
    return tuple(map(float, str(n)))
