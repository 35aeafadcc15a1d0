// attack: 32-bit system calls, which have other numbers
// stopped by: system call filter kills the process
// verdict: RTE
#include <cstdio>
int main() {
    long pid;
    asm volatile("int $0x80" : "=a"(pid) : "a"(2L) : "memory");
    if (pid >= 0) fprintf(stderr, "BROKEN %ld\n", pid);
    puts("held");
}
