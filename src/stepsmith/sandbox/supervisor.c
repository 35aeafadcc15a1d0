/* The loop of supervisor.py in C: the same packets and steps, with far fewer page faults.
 *
 * native.py builds it with the machine's compiler at first use; without a compiler the Python loop does the same work.
 * Python tests are forked, and serve() returns in the child. Other programs are started from a child that shares the
 * memory until then, so that no page tables are copied. One-shot programs are only supported here: each packet brings a
 * program with its limits and one input. A Python program is compiled and run by one forked process; a binary needs no
 * process of its own beforehand.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <dirent.h>

enum { ENDED, CPU_LIMIT, WALL_LIMIT, NOT_STARTED, UNREADABLE, NOT_COMPILED };
enum { FORKED, CONFINED, RUNNING, REFUSED }; /* stages of a test's process; REFUSED: a one-shot that does not compile */
enum { MAX_ARGUMENTS = 256, PACKET = 160000, MAX_FDS = 8, UNREADABLE_CODE = 254 };
#define ALL_FDS (1u << 20)
#define COMPILE_CPU_S 10.0 /* as in solution.py */
#define COMPILE_WALL_S 60.0

struct setup { /* native_loop.py mirrors this */
    int session, landlock, executing, exec_fd;
    unsigned int own_pid_mark;
    unsigned long exec_key;
    double cpu_s, wall_s;
    int one_shots;             /* whether each packet brings a program and its limits */
    int source;                /* Python one-shots: the file in the folder that the source is written to; else -1 */
    int writing;               /* whether they may change the working folder */
    const char *source_name;   /* of ``source`` */
    int max_files;             /* the limits of one-shot programs: descriptors, and MB beyond a program's memory limit */
    long beyond_mb;
    struct sock_fprog *narrow; /* null: compilers, or no confinement */
    char **command;            /* null-terminated; Python tests: null */
    char **environment;
};

struct facts {
    int32_t status, end;
    double cpu_s, wall_s;
    int64_t peak_kb, untidy; /* untidy: the program left something in the folder, so that it must be made anew */
};

struct one_shot { /* the head of a packet, see wire.py */
    double cpu_s, wall_s;
    int64_t memory_mb, output_bytes, source_bytes, shared;
};

struct shared { /* with a test's process, which writes it before the program runs */
    char stage;
    double cpu_s, started; /* when the program began to run: CPU seconds used before, and the time */
};

char packet[PACKET + 1];
size_t packet_size;
static volatile struct shared *page;

static double now(clockid_t clock) {
    struct timespec t;
    return clock_gettime(clock, &t) ? 1e18 : (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What programs may not do has the key in an argument that the kernel ignores, here and below; see seccomp.py. */
static int receive(const struct setup *s, int *fds) {
    char control[CMSG_SPACE(sizeof(int) * MAX_FDS)] __attribute__((aligned(8)));
    struct iovec part = {packet, PACKET};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t size;
    do size = syscall(SYS_recvmsg, s->session, &message, MSG_CMSG_CLOEXEC, 0, 0, s->exec_key);
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

static rlim_t most[RLIM_NLIMITS]; /* the highest limits that this process may set */

static void limit(int kind, rlim_t value) {
    if (value > most[kind]) value = most[kind];
    if (setrlimit(kind, &(struct rlimit){value, value})) give_up("limits");
}

static void write_source(int file, int code) {
    struct stat facts;
    off_t at = 0;
    if (ftruncate(file, 0) || lseek(file, 0, SEEK_SET) || fstat(code, &facts)) give_up("source");
    while (at < facts.st_size)
        if (sendfile(file, code, &at, (size_t)(facts.st_size - at)) <= 0) give_up("source");
}

static void confine(const struct setup *s, const int *fds, int count) {
    if (syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, s->exec_key)) give_up("pdeathsig");
    if (s->one_shots && s->executing) { /* the last descriptor is the binary */
        count--;
        if (dup3(fds[count], s->exec_fd, O_CLOEXEC) < 0) give_up("dup3");
    }
    for (int i = 0; i < count; i++)
        if (dup2(fds[i], i) < 0) give_up("dup2");
    if (!s->one_shots) limit(RLIMIT_CPU, (rlim_t)s->cpu_s + 2);
    else {
        const struct one_shot *head = (const struct one_shot *)packet;
        if (s->source >= 0) write_source(s->source, count - 1);
        limit(RLIMIT_CPU, (rlim_t)(head->cpu_s + (s->source >= 0 ? COMPILE_CPU_S : 0)) + 2);
        limit(RLIMIT_AS, (rlim_t)(s->beyond_mb + head->memory_mb) << 20);
        limit(RLIMIT_FSIZE, (rlim_t)head->output_bytes);
        limit(RLIMIT_NOFILE, (rlim_t)s->max_files);
    }
    if (s->landlock >= 0 && syscall(SYS_landlock_restrict_self, s->landlock, 0, 0, 0, 0, s->exec_key))
        give_up("landlock");
    if (s->executing) {
        if (syscall(SYS_close_range, (unsigned)count, (unsigned)s->exec_fd - 1, 0)) give_up("close");
        if (syscall(SYS_close_range, (unsigned)s->exec_fd + 1, ALL_FDS, 0)) give_up("close");
    } else if (syscall(SYS_close_range, (unsigned)count, ALL_FDS, 0)) give_up("close");
    if (!s->narrow) return;
    struct sock_filter copy[256];
    struct sock_fprog program = {s->narrow->len, copy};
    if (s->narrow->len > 256) give_up("filter");
    memcpy(copy, s->narrow->filter, sizeof *copy * s->narrow->len);
    const unsigned own_pid = (unsigned)getpid();
    for (int i = 0; i < program.len; i++)
        if (copy[i].code == (BPF_JMP | BPF_JEQ | BPF_K) && copy[i].k == s->own_pid_mark) copy[i].k = own_pid;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0)) give_up("seccomp");
}

struct start { const struct setup *s; const int *fds; int count; char **vector; };

/* In the process of a program, which has a stack of its own and shares all other memory with ours. */
static int execute(void *argument) {
    const struct start *start = argument;
    const struct setup *s = start->s;
    confine(s, start->fds, start->count);
    page->stage = RUNNING;
    syscall(SYS_execveat, s->exec_fd, "", start->vector, s->environment, AT_EMPTY_PATH, s->exec_key);
    if (errno != ENOMEM) { /* ENOMEM: the program is too large for its limit; all else is our own mistake */
        page->stage = FORKED;
        give_up("exec");
    }
    return kill(getpid(), SIGKILL);
}

/* Start a program and return its process; ``process`` becomes a descriptor of it. */
static pid_t start_other(const struct setup *s, const int *fds, int count, int *process) {
    static char *vector[MAX_ARGUMENTS + 1], stack[64 << 10] __attribute__((aligned(16)));
    static struct start start;
    int used = 0;
    char *arguments = packet + (s->one_shots ? sizeof(struct one_shot) : 0);
    while (s->command[used] && used < MAX_ARGUMENTS) vector[used] = s->command[used], used++;
    for (char *next = arguments; next < packet + packet_size && used < MAX_ARGUMENTS; next += strlen(next) + 1)
        vector[used++] = next;
    vector[used] = NULL;
    start = (struct start){s, fds, count, vector};
    const int flags = CLONE_VM | CLONE_PIDFD | SIGCHLD;
    return clone(execute, stack + sizeof stack, flags, &start, process, (void *)s->exec_key, NULL);
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

/* Wait until the process ends or exceeds a limit; return which. A one-shot's limits begin when it is compiled. */
static int watch(const struct setup *s, pid_t pid, int process, double forked) {
    const struct one_shot *head = s->one_shots ? (const struct one_shot *)packet : NULL;
    int end = ENDED;
    clockid_t clock = (clockid_t)((~(unsigned)pid << 3) | 2); /* its CPU clock, see clock_getcpuclockid(3) */
    double most_cpu = head ? head->cpu_s : s->cpu_s, most_wall = head ? head->wall_s : s->wall_s, waited = 0;
    struct pollfd both[2] = {{process, POLLIN, 0}, {s->session, 0, 0}}; /* POLLHUP always counts */
    if (process < 0) exit(1);
    for (;;) {
        int compiling = s->source >= 0 && page->stage != RUNNING; /* or it says that the program does not compile */
        double cpu_end = compiling ? COMPILE_CPU_S : (head ? page->cpu_s : 0) + most_cpu;
        double wall_end = compiling ? forked + COMPILE_WALL_S : (head ? page->started : forked) + most_wall;
        wall_end += waited;
        double cpu_left = cpu_end - now(clock), wall_left = wall_end - now(CLOCK_MONOTONIC);
        double left = cpu_left < wall_left ? cpu_left : wall_left;
        if (compiling && left > most_cpu) left = most_cpu;
        int ready = poll(both, 2, left > 0 ? (int)(left * 1000) + 1 : 1);
        if (both[0].revents) break;
        if (ready > 0) exit(0); /* the judge has ended; the child dies with this process */
        if (compiling && page->stage == RUNNING) continue;
        double used = now(clock);
        if (used < 1e17 && used >= cpu_end) end = CPU_LIMIT;
        else if (now(CLOCK_MONOTONIC) >= wall_end) {
            double before = waited;
            waited = starved(pid);
            if (now(CLOCK_MONOTONIC) >= wall_end - before + waited) end = WALL_LIMIT;
        }
        if (end != ENDED) {
            syscall(SYS_pidfd_send_signal, process, compiling && end == CPU_LIMIT ? SIGPROF : SIGKILL, NULL, 0, 0,
                    s->exec_key);
            break;
        }
    }
    close(process);
    return end;
}

static struct stat source_facts, folder_facts; /* of a Python one-shot's source, and of the working folder */

/* Return whether the working folder holds the source, if there is one, and nothing else, as at the start. */
static int tidy(const struct setup *s) {
    struct stat file = {0}, folder;
    int count = -2; /* "." and ".." */
    DIR *names = opendir(".");
    if (!names || stat(".", &folder) || folder.st_mode != folder_facts.st_mode) count = -100;
    while (names && count < 2 && readdir(names)) count++;
    if (names) closedir(names);
    if (s->source < 0) return count == 0;
    return count == 1 && !lstat(s->source_name, &file) && file.st_ino == source_facts.st_ino
        && file.st_mode == source_facts.st_mode && file.st_nlink == 1;
}

/* Give the folder and the source the times that they had at the start: a program can set them, and so leave a message.
 * Return whether that failed. */
static int reset_times(const struct setup *s) {
    const struct timespec folder[] = {folder_facts.st_atim, folder_facts.st_mtim};
    const struct timespec source[] = {source_facts.st_atim, source_facts.st_mtim};
    return utimensat(AT_FDCWD, ".", folder, 0) || (s->source >= 0 && futimens(s->source, source));
}

/* Called in the process of a Python test, right before the program runs. */
void running(void) {
    page->cpu_s = now(CLOCK_PROCESS_CPUTIME_ID);
    page->started = now(CLOCK_MONOTONIC);
    page->stage = RUNNING;
    munmap((void *)page, 4096); /* so that the program cannot change it */
}

/* Called in the process of a one-shot program that does not compile. */
void refused(void) { page->stage = REFUSED; }

/* What the process of a one-shot Python program is told, in one number, because each object that Python makes of it may
 * cost a page fault: the bytes of its source, from bit 32 its memory limit in MB, from bit 62 whether more is in the
 * packet: one run does many tests, or there is an entry point. */
static int64_t told(void) {
    const struct one_shot *head = (const struct one_shot *)packet;
    int64_t more = head->shared || packet_size > sizeof *head;
    return head->source_bytes | head->memory_mb << 32 | more << 62;
}

/* Run one test per packet until the judge closes the connection, then return -1. In the process of a Python test, return
 * the size of its arguments, or what it is told. */
int64_t serve(const struct setup *s) {
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) exit(1);
    for (int kind = 0; kind < RLIM_NLIMITS; kind++) {
        struct rlimit now;
        if (getrlimit(kind, &now)) exit(1);
        most[kind] = now.rlim_max;
    }
    if (s->writing && (stat(".", &folder_facts) || (s->source >= 0 && lstat(s->source_name, &source_facts)))) exit(1);
    for (int fds[MAX_FDS], count; (count = receive(s, fds)) > 0;) {
        page->stage = FORKED;
        page->cpu_s = 0;
        double started = page->started = now(CLOCK_MONOTONIC);
        int process = -1;
        pid_t pid = s->command ? start_other(s, fds, count, &process) : _Fork();
        if (pid == 0) {
            confine(s, fds, count);
            page->stage = CONFINED;
            return s->one_shots ? told() : (int64_t)packet_size;
        }
        if (pid < 0) exit(1);
        if (!s->command) process = (int)syscall(SYS_pidfd_open, pid, 0);
        for (int i = 0; i < count; i++) close(fds[i]);
        struct facts facts = {.end = watch(s, pid, process, started)};
        struct rusage usage;
        while (wait4(pid, &facts.status, 0, &usage) < 0 && errno == EINTR) {}
        int compiled = s->source >= 0, stage = page->stage;
        if (stage == FORKED) facts.end = NOT_STARTED;
        else if (stage == CONFINED && WIFEXITED(facts.status) && WEXITSTATUS(facts.status) == UNREADABLE_CODE)
            facts.end = UNREADABLE;
        else if (stage == REFUSED || (compiled && stage == CONFINED)) facts.end = NOT_COMPILED;
        facts.cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
                    + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
        if (compiled) facts.cpu_s = facts.cpu_s > page->cpu_s ? facts.cpu_s - page->cpu_s : 0;
        facts.wall_s = now(CLOCK_MONOTONIC) - (compiled && stage == RUNNING ? page->started : started);
        facts.peak_kb = usage.ru_maxrss;
        facts.untidy = s->writing && (!tidy(s) || reset_times(s));
        if (send(s->session, &facts, sizeof facts, MSG_NOSIGNAL) < 0) exit(0);
    }
    return -1;
}

struct region { char *start; size_t size; int protection; }; /* mappings.py mirrors this */

/* Move mappings onto huge pages; they keep their addresses. The first ``whole`` of them are aligned so that the page table
 * can have one entry for a huge page. The others are not, because the first write to such an entry would split it.
 * Nothing else may run meanwhile. A mapping that cannot be moved stays as it is. */
void repack(const struct region *regions, int count, int whole) {
    const size_t page_size = 4096, huge = 2 << 20;
    size_t total = huge;
    for (int i = 0; i < count; i++) total += regions[i].size + (i < whole ? huge : page_size);
    total += huge - total % huge;
    char *place = mmap(NULL, total + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) return;
    char *base = place + huge - (uintptr_t)place % huge, *at = base, *end = place + total + huge;
    madvise(base, total, MADV_HUGEPAGE);
    for (int i = 0; i < count; i++) {
        struct region r = regions[i];
        size_t apart = ((uintptr_t)r.start - (uintptr_t)at) % huge; /* 0: both are aligned alike */
        if (i < whole) at += apart;
        else if (apart == 0) at += page_size;
        memcpy(at, r.start, r.size);
        if (!mprotect(at, r.size, r.protection)) mremap(at, r.size, r.size, MREMAP_MAYMOVE | MREMAP_FIXED, r.start);
        at += r.size;
    }
    at += huge - 1 - ((uintptr_t)at - 1) % huge; /* the rest of the last huge page stays mapped, lest it be split */
    munmap(at, (size_t)(end - at));
    munmap(place, (size_t)(base - place));
    madvise(base, (size_t)(at - base), MADV_DONTFORK);
}
