// attack: kill the judge, the supervisor, the first process and everything
// stopped by: system call filter, Landlock's scope, process namespace
// verdict: AC
#include <csignal>
#include <cstdio>
#include <initializer_list>
#include <iostream>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
int main() {
    std::string name, value;
    while (std::cin >> name && std::getline(std::cin >> std::ws, value))
        if ((name == "pid" || name == "victim") && kill(std::stoi(value), SIGTERM) == 0) puts("BROKEN");
    for (int pid : {1, 0, -1, static_cast<int>(getppid()), -static_cast<int>(getpgrp())})
        if (kill(pid, SIGTERM) == 0) printf("BROKEN %d\n", pid);
    if (syscall(SYS_tgkill, getppid(), getppid(), SIGTERM) == 0) puts("BROKEN tgkill");
    puts("held");
}
