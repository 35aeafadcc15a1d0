// attack: make the compiler read without end
// stopped by: the compiler refuses devices, or its limits end it
// verdict: CE
#include "/dev/zero"
int main() {}
