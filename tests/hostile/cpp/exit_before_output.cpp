// attack: end with success, without flushing the answer
// stopped by: what was not written does not count
// verdict: WA
#include <cstdio>
#include <unistd.h>
int main() {
    printf("held");
    _exit(0);
}
