// Order makes the lists by which the linker puts the functions that `seal` calls side by side.
//
//	cargo rustc --release --locked -p seal-cli --bin seal -- -C strip=none
//	go -C tests/order run . "$PWD/target/release/seal" "$PWD/cli"
//
// A page of the program is read and counted when anything on it runs, and its neighbours with it; scattered over 12 MB, the 500
// functions that seal one value cost twice the memory of everything else. The script, start.ld, names symbols without the hash of
// their build and outlives changes of dependencies. start.order names them exactly, for generic functions that differ in the hash
// alone, and does not. Make them anew when the figures say so: stale ones cost memory, nothing else.
//
// It sets a breakpoint at every function of the program, runs some command lines in a temporary folder, and takes each breakpoint
// away when it is reached. Linux on x86-64 only. It runs what it is given and looks into nothing else.
package main

import (
	"bytes"
	"debug/elf"
	"encoding/base64"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// What people wait for: the first line is what every run does, the others follow in the order of the file.
var runs = []string{
	"--version",
	"encrypt --cert cert.pem secret.yaml",
	"kubeseal --cert cert.pem -o yaml -f secret.yaml",
	"verify sealed.yaml",
	"get sealed.yaml",
	"decrypt --recovery-key keys.yaml sealed.yaml",
	"decrypt sops.yaml",
	"sops decrypt sops.yaml",
	"sops encrypt --age RECIPIENT clear.yaml",
	`sops set sops.yaml ["a"] "changed"`,
}

const secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\n  namespace: shop\nstringData:\n  user: app\n  url: db:5432\n"

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("order: call me with the program, symbols included, and the folder to write to")
	}
	runtime.LockOSThread() // a traced process answers to one thread
	program := os.Args[1]
	functions, err := functionsOf(program)
	check(err)
	recipient, err := prepare(program)
	check(err)

	called := newCalls(functions)
	for index, line := range runs {
		words := strings.Fields(strings.ReplaceAll(line, "RECIPIENT", recipient))
		addresses, err := trace(program, words, functions)
		if err != nil {
			log.Fatalf("order: seal %s: %v", line, err)
		}
		called.add(addresses, index)
		log.Printf("%4d functions: seal %s", len(addresses), line)
	}
	check(os.WriteFile(filepath.Join(os.Args[2], "start.ld"), []byte(called.script()), 0o644))
	check(os.WriteFile(filepath.Join(os.Args[2], "start.order"), []byte(called.list()), 0o644))
}

// Every function by its address in the file.
func functionsOf(program string) (map[uint64]elf.Symbol, error) {
	file, err := elf.Open(program)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: build it with -C strip=none", program, err)
	}
	functions := map[uint64]elf.Symbol{}
	for _, symbol := range symbols {
		if elf.ST_TYPE(symbol.Info) == elf.STT_FUNC && symbol.Section != elf.SHN_UNDEF {
			functions[symbol.Value] = symbol
		}
	}
	return functions, nil
}

// Makes the files that the command lines name, in a folder that becomes the working one; gives the age recipient.
func prepare(program string) (string, error) {
	folder, err := os.MkdirTemp("", "order")
	if err != nil {
		return "", err
	}
	if err := os.Chdir(folder); err != nil {
		return "", err
	}
	os.Setenv("SOPS_AGE_KEY_FILE", filepath.Join(folder, "age.txt"))
	write := func(name string, content []byte) { check(os.WriteFile(name, content, 0o600)) }
	run := func(words ...string) []byte {
		out, err := exec.Command(program, words...).Output()
		if err != nil {
			log.Fatalf("order: seal %s: %v", strings.Join(words, " "), err)
		}
		return out
	}
	write("secret.yaml", []byte(secret))
	write("clear.yaml", []byte("a: one\nb: two\nc: three\nd: four\n"))
	run("keys", "generate", "-o", "keys.yaml")
	keys, err := os.ReadFile("keys.yaml")
	check(err)
	_, cert, _ := strings.Cut(string(keys), "tls.crt: ")
	cert, _, _ = strings.Cut(cert, "\n")
	pem, err := base64.StdEncoding.DecodeString(cert)
	check(err)
	write("cert.pem", pem)
	write("sealed.yaml", run("encrypt", "--cert", "cert.pem", "secret.yaml"))
	run("keygen", "-o", "age.txt")
	identity, err := os.ReadFile("age.txt")
	check(err)
	recipient := ""
	for _, line := range strings.Fields(string(identity)) {
		if strings.HasPrefix(line, "age1") {
			recipient = line
		}
	}
	write("sops.yaml", run("sops", "encrypt", "--age", recipient, "clear.yaml"))
	return recipient, nil
}

// Runs the program and gives the functions it called, each once, the first one first.
func trace(program string, words []string, functions map[uint64]elf.Symbol) ([]uint64, error) {
	command := exec.Command(program, words...)
	command.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := command.Start(); err != nil {
		return nil, err
	}
	pid := command.Process.Pid
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
		return nil, err
	}
	check(syscall.PtraceSetOptions(pid, syscall.PTRACE_O_TRACECLONE))
	base, err := baseOf(pid, program)
	if err != nil {
		return nil, err
	}
	memory, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer memory.Close()
	before := map[uint64]byte{}
	for address := range functions {
		var code [1]byte
		if _, err := memory.ReadAt(code[:], int64(base+address)); err != nil {
			return nil, err
		}
		before[address] = code[0]
		if _, err := memory.WriteAt([]byte{0xcc}, int64(base+address)); err != nil {
			return nil, err
		}
	}
	return follow(pid, base, memory, before, functions)
}

// Lets the process and its threads run to their end, stopping at each breakpoint that is still there.
func follow(pid int, base uint64, memory *os.File, before map[uint64]byte, functions map[uint64]elf.Symbol) ([]uint64, error) {
	var called []uint64
	check(syscall.PtraceCont(pid, 0))
	for {
		var status syscall.WaitStatus
		thread, err := syscall.Wait4(-1, &status, syscall.WALL, nil)
		if err != nil {
			return nil, err
		}
		if status.Exited() || status.Signaled() {
			if thread != pid {
				continue
			}
			if status.ExitStatus() != 0 {
				return nil, fmt.Errorf("it ended with %d", status.ExitStatus())
			}
			return called, nil
		}
		signal := status.StopSignal()
		if signal == syscall.SIGTRAP || signal == syscall.SIGSTOP {
			signal = 0
		}
		var registers syscall.PtraceRegs
		if status.StopSignal() == syscall.SIGTRAP && status.TrapCause() == 0 && syscall.PtraceGetRegs(thread, &registers) == nil {
			address := registers.Rip - 1 - base
			if code, ours := before[address]; ours {
				called = append(called, address)
				delete(before, address)
				if _, err := memory.WriteAt([]byte{code}, int64(base+address)); err != nil {
					return nil, err
				}
				registers.Rip--
				check(syscall.PtraceSetRegs(thread, &registers))
			} else if _, known := functions[address]; known {
				// Another thread was here a moment ago.
				registers.Rip--
				check(syscall.PtraceSetRegs(thread, &registers))
			}
		}
		check(syscall.PtraceCont(thread, int(signal)))
	}
}

// Where the program was loaded.
func baseOf(pid int, program string) (uint64, error) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, err
	}
	real, err := filepath.EvalSymlinks(program)
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(maps) {
		if bytes.Contains(line, []byte(real)) {
			var base uint64
			_, err := fmt.Sscanf(string(line), "%x-", &base)
			return base, err
		}
	}
	return 0, fmt.Errorf("%s is not among its own mappings", program)
}

func check(err error) {
	if err != nil {
		log.Fatalf("order: %v", err)
	}
}
