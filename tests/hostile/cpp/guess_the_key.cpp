// attack: make the calls of the process that starts programs, with guesses for the key that it passes
// stopped by: system call filter
// verdict: AC
#include <csignal>
#include <cstdio>
#include <initializer_list>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main() {
    char text[8];
    iovec part = {text, 8};
    msghdr message = {};
    message.msg_iov = &part, message.msg_iovlen = 1;
    rlimit none = {0, 0};
    for (long key : {0l, 1l, -1l, 0x7E570001l, (long)getpid(), (long)getppid()}) {
        if (syscall(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0, key) == 0) puts("BROKEN prctl");
        if (syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0, key) == 0) puts("BROKEN dumpable");
        if (syscall(SYS_recvmsg, 0, &message, MSG_DONTWAIT, 0, 0, key) >= 0) puts("BROKEN recvmsg");
        if (syscall(SYS_pidfd_open, getppid(), 0, 0, 0, 0, key) >= 0) puts("BROKEN pidfd");
        if (syscall(SYS_landlock_restrict_self, 0, 0, 0, 0, 0, key) == 0) puts("BROKEN landlock");
        if (syscall(SYS_execveat, 63, "", 0, 0, 0x1000, key) == 0) puts("BROKEN execveat");
        if (syscall(SYS_prlimit64, getppid(), RLIMIT_CPU, &none, 0, 0, key) == 0) puts("BROKEN prlimit");
        if (syscall(SYS_tgkill, getppid(), getppid(), SIGKILL, 0, 0, key) == 0) puts("BROKEN tgkill");
        long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, key, key);
        if (pid == 0) _exit(0);
        if (pid > 0) puts("BROKEN clone");
    }
    puts("held");
}
