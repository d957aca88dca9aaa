package main

import (
	"debug/elf"
	"math/bits"
	"regexp"
	"slices"
	"strings"
)

// One name may stand for many functions: what a generic one was made of is only in the hash.
const (
	manyTimesLarger = 2
	crowd           = 6000 // bytes
)

// Hashes of the two ways in which rustc writes symbols.
var hashes = regexp.MustCompile(`17h[0-9a-f]{16}E|Cs[0-9A-Za-z]+_`)

// What was called, by name without hash.
type calls struct {
	functions map[uint64]elf.Symbol
	all       map[string]uint64 // bytes of all functions of the name
	hot       map[string]uint64 // bytes of those that were called
	runs      map[string]uint   // a bit for each run
	order     []string          // the first one first
	seen      map[uint64]bool
	addresses []uint64 // the first one first
}

func newCalls(functions map[uint64]elf.Symbol) *calls {
	c := &calls{functions, map[string]uint64{}, map[string]uint64{}, map[string]uint{}, nil, map[uint64]bool{}, nil}
	for _, function := range functions {
		c.all[pattern(function.Name)] += function.Size
	}
	return c
}

func (c *calls) add(addresses []uint64, run int) {
	for _, address := range addresses {
		function := c.functions[address]
		name := pattern(function.Name)
		if c.runs[name] == 0 {
			c.order = append(c.order, name)
		}
		c.runs[name] |= 1 << run
		if !c.seen[address] {
			c.seen[address] = true
			c.addresses = append(c.addresses, address)
			c.hot[name] += function.Size
		}
	}
}

// What all runs call comes first, then what fewer and fewer share; those of the same runs stay together. Names that stand mostly
// for functions that nobody called come last, the largest at the very end, so that they do not push the others apart.
func (c *calls) script() string {
	crowded := func(name string) uint64 {
		if c.all[name] > manyTimesLarger*c.hot[name] && c.all[name]-c.hot[name] > crowd {
			return c.all[name]
		}
		return 0
	}
	slices.SortStableFunc(c.order, func(a, b string) int {
		if x, y := crowded(a), crowded(b); x != y {
			if x < y {
				return -1
			}
			return 1
		}
		if x, y := bits.OnesCount(c.runs[a]), bits.OnesCount(c.runs[b]); x != y {
			return y - x
		}
		return int(c.runs[a]) - int(c.runs[b])
	})
	var text strings.Builder
	text.WriteString("/* Made by tests/order. What seal runs, side by side. */\nSECTIONS {\n  .text.start : {\n")
	var shared []string
	for _, name := range c.order {
		if crowded(name) > 0 {
			shared = append(shared, sections(name))
			continue
		}
		text.WriteString("    *(" + sections(name) + ")\n")
	}
	// In one description, so that start.order sorts across all of them.
	text.WriteString("    *(" + strings.Join(shared, "\n      ") + ")\n  }\n}\nINSERT BEFORE .text;\n")
	return text.String()
}

// Functions that are rarely called have sections of another name.
func sections(name string) string {
	return ".text." + name + " .text.unlikely." + name
}

// The exact symbols of what was called.
func (c *calls) list() string {
	var text strings.Builder
	for _, address := range c.addresses {
		text.WriteString(c.functions[address].Name + "\n")
	}
	return text.String()
}

func pattern(symbol string) string {
	return hashes.ReplaceAllStringFunc(symbol, func(hash string) string {
		if strings.HasPrefix(hash, "Cs") {
			return "Cs*_"
		}
		return "17h*"
	})
}
