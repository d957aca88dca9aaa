// Renders templates with Go's own text/template and the sprig library, so that ours can be held against them.
//
// Standard input: a JSON array of {template, data: {key: base64}, missing: default|zero|error}.
// Standard output: a JSON array of {ok, out: base64}. With `-rounds N`, each is rendered N times and the time of all,
// in nanoseconds, is printed instead.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

type question struct {
	Template string            `json:"template"`
	Data     map[string][]byte `json:"data"`
	Missing  string            `json:"missing"`
}

type answer struct {
	Ok  bool   `json:"ok"`
	Out []byte `json:"out"`
}

func functions() template.FuncMap {
	all := sprig.TxtFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(all, name)
	}
	return all
}

// prepare reads the template and its data.
func prepare(q question, all template.FuncMap) (*template.Template, map[string]string, error) {
	data := map[string]string{}
	for key, value := range q.Data {
		data[key] = string(value)
	}
	missing := q.Missing
	if missing == "" {
		missing = "default"
	}
	t, err := template.New("case").Funcs(all).Option("missingkey=" + missing).Parse(q.Template)
	return t, data, err
}

func render(q question, all template.FuncMap) (out []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic")
		}
	}()
	t, data, err := prepare(q, all)
	if err != nil {
		return nil, err
	}
	var buffer bytes.Buffer
	if err := t.Execute(&buffer, data); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// measure renders every template so often and answers the time of it all.
func measure(questions []question, all template.FuncMap, rounds int) (time.Duration, error) {
	var total time.Duration
	for _, q := range questions {
		t, data, err := prepare(q, all)
		if err != nil {
			return 0, err
		}
		began := time.Now()
		for range rounds {
			var buffer bytes.Buffer
			if err := t.Execute(&buffer, data); err != nil {
				return 0, err
			}
		}
		total += time.Since(began)
	}
	return total, nil
}

func main() {
	rounds := flag.Int("rounds", 0, "render each so often and print the time")
	flag.Parse()
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	all := functions()
	if *rounds > 0 {
		took, err := measure(questions, all, *rounds)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(took.Nanoseconds())
		return
	}
	answers := make([]answer, len(questions))
	for n, q := range questions {
		out, err := render(q, all)
		answers[n] = answer{Ok: err == nil, Out: out}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		os.Exit(1)
	}
}
