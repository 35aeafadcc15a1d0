// attack: make the compiler work without end
// stopped by: the compiler's CPU, memory and depth limits
// verdict: CE
template <int n> struct Tree { typedef typename Tree<n - 1>::type left; static const long size = Tree<n - 1>::size + Tree<n + 1000000>::size; };
int main() { return Tree<100000>::size; }
