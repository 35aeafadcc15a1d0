// attack: crash in every way
// stopped by: only this process dies
// verdict: RTE
#include <cstdio>
int main() {
    puts("held");
    fflush(stdout);
    *reinterpret_cast<volatile int *>(8) = 1;
}
