// attack: throw and abort
// stopped by: only this process dies
// verdict: RTE
#include <stdexcept>
int main() { throw std::runtime_error("held"); }
