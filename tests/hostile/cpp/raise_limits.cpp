// attack: raise the limits again
// stopped by: they are hard limits, and there are no privileges
// verdict: AC
#include <cstdio>
#include <initializer_list>
#include <sys/resource.h>
int main() {
    for (int kind : {RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_CPU, RLIMIT_CORE}) {
        rlimit limit;
        getrlimit(static_cast<__rlimit_resource>(kind), &limit);
        if (limit.rlim_max == RLIM_INFINITY) puts("BROKEN");
        limit.rlim_max++;
        if (setrlimit(static_cast<__rlimit_resource>(kind), &limit) == 0) puts("BROKEN raised");
    }
    puts("held");
}
