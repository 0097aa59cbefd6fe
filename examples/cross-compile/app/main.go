// Tells what it was compiled for, and the limits of its architecture.
package main

import (
	"os"
	"runtime"
)

func main() {
	limits, err := os.ReadFile("/limits")
	if err != nil {
		limits = []byte(err.Error() + "\n")
	}
	os.Stdout.WriteString("hello from " + runtime.GOOS + "/" + runtime.GOARCH + ", limits: " + string(limits))
}
