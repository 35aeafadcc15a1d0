#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

static std::string folder;

static int reject(const std::string &why) {
    std::ofstream(folder + "judgemessage.txt") << why;
    return 43;
}

int main(int, char **arguments) {
    int secret;
    std::ifstream(arguments[1]) >> secret;
    folder = arguments[3];
    for (int question = 1; question <= 10; question++) {
        int guess;
        if (!(std::cin >> guess)) return reject("no guess " + std::to_string(question));
        if (guess < 1 || guess > 1000) return reject(std::to_string(guess) + " is out of range");
        std::cout << (guess < secret ? "higher" : guess > secret ? "lower" : "right") << std::endl;
        if (guess == secret) {
            std::string more;
            return std::cin >> more ? reject("something follows the right guess") : 42;
        }
    }
    return reject("not found in ten questions");
}
