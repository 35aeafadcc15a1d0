// attack: take memory without end
// stopped by: memory limit
// verdict: MLE
// memory: 64
#include <vector>
int main() {
    std::vector<char *> kept;
    for (;;) {
        kept.push_back(new char[1 << 20]);
        for (int i = 0; i < 1 << 20; i += 4096) kept.back()[i] = 1;
    }
}
