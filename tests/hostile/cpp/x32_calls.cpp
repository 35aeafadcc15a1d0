// attack: x32 system calls, whose numbers carry an extra bit
// stopped by: system call filter kills the process
// verdict: RTE
#include <cstdio>
#include <unistd.h>
int main() {
    if (syscall(0x40000000L + 57) >= 0) fprintf(stderr, "BROKEN\n");
    puts("held");
}
