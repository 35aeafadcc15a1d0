# attack: a source whose syntax tree is as deep as it is long
# stopped by: the compiler's limits; it runs in a process of its own
# verdict: CE RTE
# expand: NEST = - * 1000000
x = NEST1
