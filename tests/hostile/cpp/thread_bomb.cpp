// attack: start threads without end
// stopped by: process limit or address space limit
// verdict: AC RTE MLE
// memory: 64
#include <cstdio>
#include <pthread.h>
#include <unistd.h>
static void *wait_for_ever(void *) { pause(); return nullptr; }
int main() {
    for (int i = 0; i < 5000; i++) {
        pthread_t thread;
        if (pthread_create(&thread, nullptr, wait_for_ever, nullptr) != 0) {
            puts("held");
            fflush(stdout);
            _exit(0);
        }
    }
    puts("BROKEN");
}
