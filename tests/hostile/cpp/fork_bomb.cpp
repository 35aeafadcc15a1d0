// attack: start processes without end
// stopped by: system call filter
// verdict: AC
#include <cstdio>
#include <sys/syscall.h>
#include <unistd.h>
int main() {
    for (int i = 0; i < 1000; i++)
        if (fork() >= 0 || vfork() >= 0 || syscall(SYS_clone, 17, 0, 0, 0, 0) >= 0) {
            puts("BROKEN");
            fflush(stdout);
        }
    puts("held");
}
