# attack: a source that exhausts the compiler's stack
# stopped by: the compiler's limits; it runs in a process of its own
# verdict: CE
# expand: NEST = ( * 100000
x = NEST
