// attack: fill the error output without end
// stopped by: file size limit on the error output
// verdict: OLE
// output: 1
#include <cstdio>
int main() {
    static char line[4096] = {1};
    for (;;) fwrite(line, 1, sizeof line, stderr);
}
