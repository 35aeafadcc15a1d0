// The argument order and exit codes of testlib: input, output, answer; 0 right, 1 wrong, 2 malformed, 3 the jury failed.
#include <cmath>
#include <cstdio>
#include <fstream>
int verdict(int code, const char *word) {
    fprintf(stderr, "%s\n", word);
    return code;
}
int main(int argc, char **argv) {
    if (argc < 4) return 3;
    std::ifstream input(argv[1]), output(argv[2]), answer(argv[3]);
    double n, theirs, ours;
    if (!(input >> n) || !(answer >> ours)) return verdict(3, "fail: no answer");
    if (!(output >> theirs)) return verdict(2, "wrong output format: a number expected");
    if (std::fabs(ours * ours - n) > 1e-6) return verdict(3, "fail: the answer is wrong");
    if (std::fabs(theirs * theirs - n) > 1e-6) return verdict(1, "wrong answer: not a root");
    return verdict(0, "ok");
}
