// attack: none: a recursion that needs a stack far beyond the usual 8 MB
// stopped by: nothing
// verdict: AC
#include <cstdio>
static int depth(int n) {
    volatile char frame[64];
    frame[0] = static_cast<char>(n);
    return n == 0 ? 0 : 1 + depth(n - 1) + 0 * frame[0];
}
int main() { puts(depth(1000000) == 1000000 ? "held" : "lost"); }
