// attack: ask for more memory than there is in the program's image
// stopped by: address space limit, when the program is started
// verdict: MLE CE
// memory: 64
#include <cstdio>
static char big[1500000000];
int main(int count, char **) {
    big[count * 1000] = 1;
    puts(big[count] ? "x" : "y");
}
