// attack: recurse for ever
// stopped by: memory limit
// verdict: MLE RTE
// memory: 64
#include <cstdio>
int deeper(int n) {
    volatile char frame[1000];
    frame[n % 1000] = static_cast<char>(n);
    return deeper(n + 1) + frame[5];
}
int main() { printf("%d\n", deeper(0)); }
