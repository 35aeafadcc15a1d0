// Any permutation of 1..n without a fixed point.
#include "validate.h"
#include <fstream>
#include <iostream>
#include <vector>
int main(int argc, char **argv) {
    if (argc < 4) return 1;
    std::string feedback_dir = argv[3];
    std::ifstream input(argv[1]);
    int n;
    if (!(input >> n)) return 1;
    std::vector<bool> seen(n + 1);
    for (int i = 1; i <= n; i++) {
        int value;
        if (!(std::cin >> value)) leave(feedback_dir, REJECT, "too few numbers");
        if (value < 1 || value > n || seen[value]) leave(feedback_dir, REJECT, "not a permutation");
        if (value == i) leave(feedback_dir, REJECT, "a fixed point");
        seen[value] = true;
    }
    std::string more;
    if (std::cin >> more) leave(feedback_dir, REJECT, "too many numbers");
    leave(feedback_dir, ACCEPT, "");
}
