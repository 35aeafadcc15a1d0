// attack: take more memory than there is, all of it in the program's image
// stopped by: control group; below L3 the address space limit, when the program is started
// verdict: MLE CE
// memory: 64
#include <cstdio>
static char big[1500000000];
int main(int count, char **) {
    for (int i = 0; i < 1500000000; i += 4096) big[i] = count;
    puts(big[count] ? "x" : "y");
}
