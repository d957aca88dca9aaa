// Opens sealed items with upstream's own code and prints the CPU it took, for the "open" bench.
//
// Arguments: KEY.pem LABEL. Input: one base64 item a line. Output: items opened and CPU nanoseconds of the loop.
package main

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"os"
	"syscall"

	"github.com/bitnami/sealed-secrets/pkg/crypto"
	"k8s.io/client-go/util/keyutil"
)

func cpu() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	pem, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	parsed, err := keyutil.ParsePrivateKeyPEM(pem)
	if err != nil {
		panic(err)
	}
	keys := map[string]*rsa.PrivateKey{"only": parsed.(*rsa.PrivateKey)}
	var items [][]byte
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<24)
	for lines.Scan() {
		item, err := base64.StdEncoding.DecodeString(lines.Text())
		if err != nil {
			panic(err)
		}
		items = append(items, item)
	}
	start := cpu()
	for _, item := range items {
		if _, err := crypto.HybridDecrypt(rand.Reader, keys, item, []byte(os.Args[2])); err != nil {
			panic(err)
		}
	}
	fmt.Println(len(items), cpu()-start)
}
