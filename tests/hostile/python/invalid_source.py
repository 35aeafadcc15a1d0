# attack: a source file with a NUL byte in it
# stopped by: the compiler
# verdict: CE
# expand: NUL = \x00 * 1
x = "NUL"
