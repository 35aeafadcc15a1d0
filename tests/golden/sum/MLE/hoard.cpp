#include <cstring>
#include <vector>
int main() {
    std::vector<char*> hoard;
    while (true) {
        hoard.push_back(new char[1 << 20]);
        memset(hoard.back(), 1, 1 << 20);
    }
}
