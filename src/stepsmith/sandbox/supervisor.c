/* The loop of supervisor.py in C: the same packets and steps, with far fewer page faults.
 *
 * native.py builds it with the machine's compiler at first use; without a compiler the Python loop does the same work.
 * Python tests are forked, and serve() returns in the child. Other programs are started from a vfork child, which does
 * not copy page tables.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <dirent.h>

enum { ENDED, CPU_LIMIT, WALL_LIMIT, NOT_STARTED, UNREADABLE };
enum { FORKED, CONFINED, RUNNING }; /* stages of a test's process */
enum { MAX_ARGUMENTS = 256, PACKET = 160000, MAX_FDS = 8, UNREADABLE_CODE = 254 };
#define ALL_FDS (1u << 20)

struct setup { /* native_loop.py mirrors this */
    int session, landlock, executing, exec_fd;
    unsigned int own_pid_mark;
    unsigned long exec_key;
    double cpu_s, wall_s;
    struct sock_fprog *narrow; /* null: compilers, or no confinement */
    char **command;            /* null-terminated; Python tests: null */
    char **environment;
};

struct facts {
    int32_t status, end;
    double cpu_s, wall_s;
    int64_t peak_kb;
};

static char packet[PACKET + 1];
static size_t packet_size;
static volatile char *stage; /* shared with the child: the stage that it has reached */

const char *arguments(void) { return packet; }

static double now(clockid_t clock) {
    struct timespec t;
    return clock_gettime(clock, &t) ? 1e18 : (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int receive(int session, int *fds) {
    char control[CMSG_SPACE(sizeof(int) * MAX_FDS)] __attribute__((aligned(8)));
    struct iovec part = {packet, PACKET};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t size;
    do size = recvmsg(session, &message, MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    struct cmsghdr *header = size < 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_type != SCM_RIGHTS) return 0; /* the judge closed the connection */
    int count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(fds, CMSG_DATA(header), sizeof(int) * (size_t)count);
    packet_size = (size_t)size;
    packet[size] = 0;
    return count;
}

static void give_up(const char *what) {
    char text[200];
    int size = snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
    if (write(2, text, (size_t)size) < 0) _exit(254);
    _exit(255);
}

static void confine(const struct setup *s, const int *fds, int count) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL)) give_up("pdeathsig");
    for (int i = 0; i < count; i++)
        if (dup2(fds[i], i) < 0) give_up("dup2");
    struct rlimit cpu = {(rlim_t)s->cpu_s + 2, (rlim_t)s->cpu_s + 2};
    if (setrlimit(RLIMIT_CPU, &cpu)) give_up("cpu limit");
    if (s->landlock >= 0 && syscall(SYS_landlock_restrict_self, s->landlock, 0)) give_up("landlock");
    if (s->executing) {
        if (syscall(SYS_close_range, (unsigned)count, (unsigned)s->exec_fd - 1, 0)) give_up("close");
        if (syscall(SYS_close_range, (unsigned)s->exec_fd + 1, ALL_FDS, 0)) give_up("close");
    } else if (syscall(SYS_close_range, (unsigned)count, ALL_FDS, 0)) give_up("close");
    if (!s->narrow) return;
    struct sock_filter copy[256];
    struct sock_fprog program = {s->narrow->len, copy};
    if (s->narrow->len > 256) give_up("filter");
    memcpy(copy, s->narrow->filter, sizeof *copy * s->narrow->len);
    for (int i = 0; i < program.len; i++)
        if (copy[i].code == (BPF_JMP | BPF_JEQ | BPF_K) && copy[i].k == s->own_pid_mark) copy[i].k = (unsigned)getpid();
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0)) give_up("seccomp");
}

static pid_t start_other(const struct setup *s, const int *fds, int count) {
    static char *vector[MAX_ARGUMENTS + 1];
    int used = 0;
    while (s->command[used] && used < MAX_ARGUMENTS) vector[used] = s->command[used], used++;
    for (char *next = packet; next < packet + packet_size && used < MAX_ARGUMENTS; next += strlen(next) + 1)
        vector[used++] = next;
    vector[used] = NULL;
    pid_t pid = vfork();
    if (pid == 0) {
        confine(s, fds, count);
        *stage = RUNNING;
        syscall(SYS_execveat, s->exec_fd, "", vector, s->environment, AT_EMPTY_PATH, s->exec_key);
        if (errno != ENOMEM) { /* ENOMEM: the program is too large for its limit; all else is our own mistake */
            *stage = FORKED;
            give_up("exec");
        }
        kill(getpid(), SIGKILL);
    }
    return pid;
}

/* The most seconds that a thread of a process waited for a free processor, which must not count for it. */
static double starved(pid_t pid) {
    char path[64];
    double most = 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *threads = opendir(path);
    for (struct dirent *entry; threads && (entry = readdir(threads));) {
        unsigned long long ran, waited = 0;
        char file[400];
        snprintf(file, sizeof file, "%s/%s/schedstat", path, entry->d_name);
        FILE *stream = fopen(file, "r");
        if (stream && fscanf(stream, "%llu %llu", &ran, &waited) == 2 && (double)waited / 1e9 > most)
            most = (double)waited / 1e9;
        if (stream) fclose(stream);
    }
    if (threads) closedir(threads);
    return most;
}

static int watch(const struct setup *s, pid_t pid, double started) {
    int process = (int)syscall(SYS_pidfd_open, pid, 0), end = ENDED;
    clockid_t clock = (clockid_t)((~(unsigned)pid << 3) | 2); /* its CPU clock, see clock_getcpuclockid(3) */
    double granted = s->wall_s;
    struct pollfd both[2] = {{process, POLLIN, 0}, {s->session, 0, 0}}; /* POLLHUP always counts */
    if (process < 0) exit(1);
    for (;;) {
        double cpu_left = s->cpu_s - now(clock), wall_left = started + granted - now(CLOCK_MONOTONIC);
        double left = cpu_left < wall_left ? cpu_left : wall_left;
        int ready = poll(both, 2, left > 0 ? (int)(left * 1000) + 1 : 1);
        if (both[0].revents) break;
        if (ready > 0) exit(0); /* the judge has ended; the child dies with this process */
        double used = now(clock);
        if (used < 1e17 && used >= s->cpu_s) end = CPU_LIMIT;
        else if (now(CLOCK_MONOTONIC) >= started + granted) {
            granted = s->wall_s + starved(pid);
            if (now(CLOCK_MONOTONIC) >= started + granted) end = WALL_LIMIT;
        }
        if (end != ENDED) {
            syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0);
            break;
        }
    }
    close(process);
    return end;
}

/* Called in the process of a Python test, right before the program runs. */
void running(void) {
    *stage = RUNNING;
    munmap((void *)stage, 4096); /* so that the program cannot change it */
}

/* Run one test per packet until the judge closes the connection, then return -1. In the process of a Python test, return
 * the size of its arguments. */
int serve(const struct setup *s) {
    stage = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stage == MAP_FAILED) exit(1);
    for (int fds[MAX_FDS], count; (count = receive(s->session, fds)) > 0;) {
        *stage = FORKED;
        double started = now(CLOCK_MONOTONIC);
        pid_t pid = s->command ? start_other(s, fds, count) : _Fork();
        if (pid == 0) {
            confine(s, fds, count);
            *stage = CONFINED;
            return (int)packet_size;
        }
        if (pid < 0) exit(1);
        for (int i = 0; i < count; i++) close(fds[i]);
        struct facts facts = {.end = watch(s, pid, started)};
        struct rusage usage;
        while (wait4(pid, &facts.status, 0, &usage) < 0 && errno == EINTR) {}
        if (*stage == FORKED) facts.end = NOT_STARTED;
        else if (*stage == CONFINED && WIFEXITED(facts.status) && WEXITSTATUS(facts.status) == UNREADABLE_CODE)
            facts.end = UNREADABLE;
        facts.cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
                    + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
        facts.wall_s = now(CLOCK_MONOTONIC) - started;
        facts.peak_kb = usage.ru_maxrss;
        if (send(s->session, &facts, sizeof facts, MSG_NOSIGNAL) < 0) exit(0);
    }
    return -1;
}
