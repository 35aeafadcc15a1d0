print([0.1 * k for k in range(1, int(input()))])
