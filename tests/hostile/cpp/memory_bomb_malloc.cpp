// attack: use memory that malloc refused
// stopped by: memory limit, then a crash
// verdict: MLE
// memory: 64
#include <cstdlib>
#include <cstring>
int main() {
    for (;;) memset(malloc(1 << 20), 1, 1 << 20);
}
