// attack: make the compiler print a file of the judge's in its error message
// stopped by: the compiler runs in the sandbox
// verdict: CE
#include "/etc/shadow"
#include "/etc/hostname"
int main() {}
