// attack: use descriptors that were inherited
// stopped by: every other descriptor is closed before the program runs
// verdict: AC
#include <cstdio>
#include <fcntl.h>
int main() {
    for (int fd = 3; fd < 70000; fd++)
        if (fcntl(fd, F_GETFD) >= 0) printf("BROKEN %d\n", fd);
    puts("held");
}
