// attack: reach servers on the judge's loopback
// stopped by: system call filter; network namespace
// verdict: AC
#include <cstdio>
#include <initializer_list>
#include <sys/socket.h>
int main() {
    for (int family = 0; family < 46; family++)
        for (int kind : {1, 2, 3, 5})
            if (socket(family, kind, 0) >= 0) printf("BROKEN %d %d\n", family, kind);
    puts("held");
}
