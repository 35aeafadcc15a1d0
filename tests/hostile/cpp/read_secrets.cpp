// attack: read files that the judge's user may read
// stopped by: Landlock, and a root that lacks them
// verdict: AC
#include <cstdio>
#include <initializer_list>
#include <fcntl.h>
#include <iostream>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
int main() {
    std::string name, value;
    while (std::cin >> name && std::getline(std::cin >> std::ws, value))
        if (name == "file" && open(value.c_str(), O_RDONLY) >= 0) puts("BROKEN bait");
    for (const char *path : {"/etc/passwd", "/proc/1/environ", "/proc/self/environ", "/proc/self/maps", "/root", "/home", "/tmp"})
        if (open(path, O_RDONLY) >= 0) printf("BROKEN %s\n", path);
    struct { unsigned long long flags, mode, resolve; } how = {O_RDONLY, 0, 0};
    if (syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", &how, sizeof how) >= 0) puts("BROKEN openat2");
    puts("held");
}
