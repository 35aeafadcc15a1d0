// attack: embed a file of the judge's into the program with the assembler
// stopped by: the compiler runs in the sandbox
// verdict: CE
#include <cstdio>
asm(".section .rodata\nsecret: .incbin \"/etc/shadow\"\n.byte 0\n.text");
extern "C" const char secret[];
int main() { printf("BROKEN %s", secret); }
