// attack: start processes without end
// stopped by: system call filter
// verdict: AC
package main

import (
	"fmt"
	"os"
	"syscall"
)

func main() {
	for i := 0; i < 100; i++ {
		arguments := []string{"sh", "-c", "echo BROKEN"}
		if _, err := os.StartProcess("/bin/sh", arguments, &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout}}); err == nil {
			fmt.Println("BROKEN")
		}
		if pid, _, problem := syscall.RawSyscall(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0); problem == 0 {
			if pid == 0 {
				syscall.Exit(0)
			}
			fmt.Println("BROKEN clone")
		}
	}
	fmt.Println("held")
}
