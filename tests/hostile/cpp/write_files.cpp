// attack: write wherever a program might write
// stopped by: Landlock, and a read-only root
// verdict: AC
#include <cstdio>
#include <initializer_list>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
int main() {
    for (std::string folder : {".", "/tmp", "/var/tmp", "/dev/shm", "/", "/run", "/usr/lib"}) {
        if (open((folder + "/stepsmith-hostile-x").c_str(), O_CREAT | O_WRONLY, 0600) >= 0) printf("BROKEN %s\n", folder.c_str());
        if (open(folder.c_str(), O_TMPFILE | O_RDWR, 0600) >= 0) printf("BROKEN tmpfile %s\n", folder.c_str());
        if (mkdir((folder + "/stepsmith-hostile-y").c_str(), 0700) == 0) printf("BROKEN mkdir %s\n", folder.c_str());
        if (symlink("/etc", (folder + "/stepsmith-hostile-z").c_str()) == 0) printf("BROKEN symlink %s\n", folder.c_str());
    }
    puts("held");
}
