// attack: run a shell, and run this program's own descriptor again
// stopped by: system call filter
// verdict: AC
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char **arguments) {
    if (count > 1) puts("BROKEN again");
    char *again[] = {arguments[0], const_cast<char *>("again"), nullptr};
    execv("/bin/sh", again);
    execv("/proc/self/exe", again);
    for (int fd = 0; fd < 100; fd++) syscall(SYS_execveat, fd, "", again, nullptr, AT_EMPTY_PATH);
    int shell = open("/lib64/ld-linux-x86-64.so.2", O_RDONLY);
    if (shell >= 0 && dup2(shell, 63) == 63) {
        char *loader[] = {const_cast<char *>("ld.so"), const_cast<char *>("/bin/sh"), const_cast<char *>("-c"),
                          const_cast<char *>("echo BROKEN"), nullptr};
        syscall(SYS_execveat, 63, "", loader, nullptr, AT_EMPTY_PATH);
    }
    if (system("echo BROKEN") == 0) puts("BROKEN system");
    puts("held");
}
