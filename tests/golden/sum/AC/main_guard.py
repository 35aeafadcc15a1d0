def main():
    a, b = (int(word) for word in input().split())
    print(a + b)


if __name__ == "__main__":
    main()
