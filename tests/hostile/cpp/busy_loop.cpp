// attack: compute for ever, ignoring signals
// stopped by: CPU limit
// verdict: TLE
#include <csignal>
int main() {
    for (int i = 1; i < 65; i++) signal(i, SIG_IGN);
    for (volatile unsigned i = 0;; i = i + 1) {}
}
