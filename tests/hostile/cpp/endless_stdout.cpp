// attack: print without end
// stopped by: file size limit on the output
// verdict: OLE
// output: 1
#include <cstdio>
int main() {
    for (;;) puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}
