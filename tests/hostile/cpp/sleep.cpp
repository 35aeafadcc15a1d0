// attack: do nothing for ever
// stopped by: wall clock limit
// verdict: TLE
// wall: 1
#include <unistd.h>
int main() {
    for (;;) pause();
}
