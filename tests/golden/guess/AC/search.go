package main

import "fmt"

func main() {
	low, high := 1, 1000
	for answer := ""; answer != "right"; {
		middle := (low + high) / 2
		fmt.Println(middle)
		fmt.Scan(&answer)
		if answer == "lower" {
			high = middle - 1
		} else {
			low = middle + 1
		}
	}
}
