// attack: reach servers on the judge's loopback, listen, send datagrams
// stopped by: system call filter; network namespace
// verdict: AC
package main

import (
	"fmt"
	"syscall"
)

func main() {
	for family := 0; family < 46; family++ {
		for _, kind := range []int{1, 2, 3, 5} {
			if _, err := syscall.Socket(family, kind, 0); err == nil {
				fmt.Println("BROKEN", family, kind)
			}
		}
	}
	fmt.Println("held")
}
