// attack: trace others, and be traced
// stopped by: system call filter
// verdict: AC
#include <cstdio>
#include <sys/ptrace.h>
#include <unistd.h>
int main() {
    if (ptrace(PTRACE_ATTACH, getppid(), 0, 0) == 0 || ptrace(PTRACE_SEIZE, 1, 0, 0) == 0) puts("BROKEN");
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) == 0) puts("BROKEN traceme");
    puts("held");
}
