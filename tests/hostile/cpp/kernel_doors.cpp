// attack: io_uring, userfaultfd, namespaces, mounts, clocks, keys, kernel programs
// stopped by: system call filter
// verdict: AC
#include <cstdio>
#include <initializer_list>
#include <unistd.h>
int main() {
    char room[256] = {};
    for (long number : {425, 426, 427, 323, 272, 165, 161, 155, 164, 227, 159, 321, 298, 250, 248, 319, 447, 310, 311, 434,
                        438, 440, 304, 240, 29, 68, 64, 253, 300, 175, 246, 167, 169, 105, 116, 203, 446, 317, 101, 59})
        if (syscall(number, room, room, 0, 0, 0, 0) >= 0) printf("BROKEN %ld\n", number);
    for (long flag : {0x10000000, 0x20000, 0x20000000, 0x40000000})
        if (syscall(272, flag) >= 0) printf("BROKEN unshare %lx\n", flag);
    puts("held");
}
