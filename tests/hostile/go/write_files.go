// attack: write wherever a program might write
// stopped by: Landlock, and a read-only root
// verdict: AC
package main

import (
	"fmt"
	"os"
)

func main() {
	for _, folder := range []string{".", "/tmp", "/var/tmp", "/dev/shm", "/", "/run", "/usr/lib"} {
		if os.WriteFile(folder+"/stepsmith-hostile-x", []byte("x"), 0600) == nil {
			fmt.Println("BROKEN", folder)
		}
	}
	fmt.Println("held")
}
