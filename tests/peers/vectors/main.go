// Command vectors writes tests/vectors/items and the upstream certificate anew; see tests/vectors/README.md.
//
// Good items come from real kubeseal programs. Items that must fail are made here from good ones, and what no
// kubeseal writes (deprecated blobs, shorter session keys) is made with upstream's packages or Go's standard library.
package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	ssv1alpha1 "github.com/bitnami/sealed-secrets/pkg/apis/sealedsecrets/v1alpha1"
	"github.com/bitnami/sealed-secrets/pkg/crypto"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	certutil "k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

var out = flag.String("out", "../vectors", "the vectors folder")

// A vector is one file: headers, an empty line, the item's text byte for byte.
type vector struct {
	about, expect, keys, scope, namespace, name, value, madeBy, item string
}

func (v vector) write(file string) {
	var b strings.Builder
	fmt.Fprintf(&b, "about: %s\nexpect: %s\nkeys: %s\nscope: %s\nnamespace: %s\nname: %s\n", v.about, v.expect, v.keys, v.scope, v.namespace, v.name)
	if v.expect == "opens" {
		fmt.Fprintf(&b, "value: %s\n", v.value)
	}
	fmt.Fprintf(&b, "made-by: %s\n\n%s", v.madeBy, v.item)
	must(0, os.WriteFile(filepath.Join(*out, "items", file+".txt"), []byte(b.String()), 0o644))
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func b64(bytes []byte) string { return base64.StdEncoding.EncodeToString(bytes) }

func public(key string) *rsa.PublicKey {
	certs := must(certutil.ParseCertsPEM(must(os.ReadFile(filepath.Join(*out, "keys", key+".crt")))))
	return certs[0].PublicKey.(*rsa.PublicKey)
}

// raw runs `kubeseal --raw`, the value on standard input.
func raw(kubeseal, key, scope, namespace, name string, value []byte) string {
	args := []string{"--raw", "--cert", filepath.Join(*out, "keys", key+".crt"), "--scope", scope}
	if namespace != "" {
		args = append(args, "--namespace", namespace)
	}
	if name != "" {
		args = append(args, "--name", name)
	}
	cmd := exec.Command(kubeseal, append(args, "--from-file", "/dev/stdin")...)
	cmd.Stdin, cmd.Stderr = strings.NewReader(string(value)), os.Stderr
	return string(must(cmd.Output()))
}

func main() {
	v040 := flag.String("kubeseal-0.40", "", "kubeseal 0.40.0")
	v027 := flag.String("kubeseal-0.27", "", "kubeseal 0.27.1")
	flag.Parse()
	must(0, os.RemoveAll(filepath.Join(*out, "items")))
	must(0, os.MkdirAll(filepath.Join(*out, "items"), 0o755))
	good(*v040, "0.40.0")
	good(*v027, "0.27.1")
	spellings(*v040)
	foreign()
	refused(*v040)
	certificate()
}

// good: every key size and scope, and the values that have been trouble somewhere.
func good(kubeseal, version string) {
	madeBy := "kubeseal " + version + " --raw"
	for _, key := range []string{"rsa1024", "rsa2048", "rsa2050", "rsa3072", "rsa4096"} {
		for _, scope := range []string{"strict", "namespace-wide", "cluster-wide"} {
			value := []byte(key + " " + scope)
			item := raw(kubeseal, key, scope, "prod", "db", value)
			vector{"each key size and scope", "opens", key, scope, "prod", "db", b64(value), madeBy, item}.write(fmt.Sprintf("%s-%s-%s", version, key, scope))
		}
	}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	values := map[string][]byte{"empty": {}, "one-byte": {0}, "newline": []byte("secret\n"), "binary": all, "utf8": []byte("pässwörd €"), "16k": []byte(strings.Repeat("seal", 4096))}
	for name, value := range values {
		text := b64(value)
		if name == "16k" {
			text = "repeat 4096 " + b64([]byte("seal"))
		}
		item := raw(kubeseal, "rsa2048", "strict", "prod", "db", value)
		vector{"value: " + name, "opens", "rsa2048", "strict", "prod", "db", text, madeBy, item}.write(version + "-value-" + name)
	}
	item := raw(kubeseal, "rsa2048-other", "strict", "prod", "db", []byte("old key"))
	vector{"sealed to an older key of the same size", "opens", "rsa2048 rsa4096 rsa2048-other", "strict", "prod", "db", b64([]byte("old key")), madeBy, item}.write(version + "-older-key")
	item = raw(kubeseal, "rsa2048", "namespace-wide", "prod", "", []byte("v"))
	vector{"namespace-wide, opened under any name", "opens", "rsa2048", "namespace-wide", "prod", "any.name", b64([]byte("v")), madeBy, item}.write(version + "-any-name")
	item = raw(kubeseal, "rsa2048", "cluster-wide", "", "", []byte("v"))
	vector{"cluster-wide, opened anywhere", "opens", "rsa2048", "cluster-wide", "elsewhere", "any.name", b64([]byte("v")), madeBy, item}.write(version + "-anywhere")
}

// spellings: the same item in base64 as files have it.
func spellings(kubeseal string) {
	item := raw(kubeseal, "rsa2048", "strict", "prod", "db", []byte("seal"))
	madeBy := "kubeseal 0.40.0 --raw, respelled"
	folded := func(end string) string {
		var b strings.Builder
		for at := 0; at < len(item); at += 64 {
			b.WriteString(item[at:min(at+64, len(item))] + end)
		}
		return b.String()
	}
	put := func(file, about, expect, text string) {
		vector{about, expect, "rsa2048", "strict", "prod", "db", b64([]byte("seal")), madeBy, text}.write("base64-" + file)
	}
	put("lf", "lines end in LF", "opens", folded("\n"))
	put("crlf", "lines end in CR LF", "opens", folded("\r\n"))
	put("cr", "lines end in CR", "opens", folded("\r"))
	put("blank-lines", "blank lines around and within", "opens", "\n\n"+folded("\n\n"))
	if !strings.HasSuffix(item, "=") || strings.HasSuffix(item, "==") {
		log.Fatal("the item was expected to end in one padding character")
	}
	put("padding-apart", "a line end before the padding", "opens", strings.TrimSuffix(item, "=")+"\n=")
	last := item[len(item)-2]
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	put("unused-bits", "the unused bits of the last character are set", "opens", item[:len(item)-2]+string(alphabet[strings.IndexByte(alphabet, last)|3])+"=")
	put("no-padding", "padding is missing", "base64", strings.TrimRight(item, "="))
	put("double-padding", "one padding character too many", "base64", item+"=")
	put("space", "a space inside", "base64", item[:100]+" "+item[100:])
	put("space-after", "a space at the end", "base64", item+" ")
	put("url-alphabet", "the URL alphabet", "base64", "-_"+item[2:])
	put("not-base64", "a value in clear where an item belongs", "base64", "hunter2!")
	put("twice", "two items in one string", "base64", item+item)
}

// foreign: what other encoders may write and upstream reads.
func foreign() {
	label := []byte("prod/db")
	for _, size := range []int{16, 24, 32} {
		item := b64(hybrid("rsa2048", label, make([]byte, size), []byte("value")))
		vector{fmt.Sprintf("a session key of %d bytes", size), "opens", "rsa2048", "strict", "prod", "db", b64([]byte("value")), "Go's crypto packages", item}.write(fmt.Sprintf("session-key-%d", size))
	}
	for _, size := range []int{0, 8, 31, 33} {
		block := must(rsa.EncryptOAEP(sha256.New(), rand.Reader, public("rsa2048"), make([]byte, size), label))
		item := b64(join(block, make([]byte, 21)))
		vector{fmt.Sprintf("a session key of %d bytes", size), "refused", "rsa2048", "strict", "prod", "db", "", "Go's crypto packages", item}.write(fmt.Sprintf("session-key-%d", size))
	}
	secret := &v1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "prod", Name: "db"}, Data: map[string][]byte{"password": []byte("value")}}
	sealed := must(ssv1alpha1.NewSealedSecretV1(scheme.Codecs, public("rsa2048"), secret))
	json := `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"db","namespace":"prod"},"data":{"password":"dmFsdWU="}}` + "\n"
	vector{"the deprecated spec.data blob: a whole Secret as JSON", "opens", "rsa2048", "strict", "prod", "db", b64([]byte(json)), "NewSealedSecretV1 of sealed-secrets 0.40.0", b64(sealed.Spec.Data)}.write("blob")
}

// refused: everything that must not open, for each reason there is.
func refused(kubeseal string) {
	text := raw(kubeseal, "rsa2048", "strict", "prod", "db", []byte("value"))
	item := must(base64.StdEncoding.DecodeString(text))
	second := must(base64.StdEncoding.DecodeString(raw(kubeseal, "rsa2048", "strict", "prod", "db", []byte("other"))))
	madeBy := "kubeseal 0.40.0 --raw, then spoiled"
	bytes := func(file, about, expect string, bytes []byte) {
		vector{about, expect, "rsa2048", "strict", "prod", "db", "", madeBy, b64(bytes)}.write("refused-" + file)
	}
	flip := func(at int) []byte {
		changed := append([]byte{}, item...)
		changed[at] ^= 1
		return changed
	}
	bytes("rsa-first-byte", "a bit of the RSA block flipped", "refused", flip(2))
	bytes("rsa-last-byte", "a bit of the RSA block flipped", "refused", flip(257))
	bytes("ciphertext", "a bit of the GCM ciphertext flipped", "refused", flip(258))
	bytes("tag", "a bit of the GCM tag flipped", "refused", flip(len(item)-1))
	bytes("length-shorter", "the RSA block announced one byte shorter", "refused", append([]byte{0, 255}, item[2:]...))
	bytes("length-longer", "the RSA block announced one byte longer", "refused", append([]byte{1, 1}, item[2:]...))
	bytes("length-zero", "the RSA block announced empty", "refused", append([]byte{0, 0}, item[2:]...))
	bytes("length-lies", "the RSA block announced beyond the end", "too-short", append([]byte{255, 255}, item[2:]...))
	bytes("cut-tag", "the tag cut by one byte", "refused", item[:len(item)-1])
	bytes("no-tag", "nothing after the RSA block", "refused", item[:258])
	bytes("short-tag", "15 bytes after the RSA block", "refused", item[:258+15])
	bytes("cut-rsa", "cut inside the RSA block", "too-short", item[:100])
	bytes("one-byte", "one byte", "too-short", item[:1])
	bytes("no-byte", "nothing", "too-short", nil)
	bytes("trailing-byte", "a byte too many", "refused", append(append([]byte{}, item...), 0))
	bytes("rsa-of-another", "RSA block of one item, GCM part of another", "refused", append(append([]byte{}, item[:258]...), second[258:]...))
	zeros, ones := make([]byte, 256), []byte(strings.Repeat("\xff", 256))
	bytes("rsa-zero", "an RSA block of zeros", "refused", join(zeros, item[258:]))
	bytes("rsa-above-modulus", "an RSA block above the modulus", "refused", join(ones, item[258:]))
	bytes("age-file", "an age file where a v1 item belongs", "refused", append([]byte("age-encryption.org/v1\n-> X25519 "), make([]byte, 0x6167)...))
	hash := sha256.Sum256(nil)
	bytes("zero-session-key", "GCM under the zero key, RSA block damaged: no fallback key may open it", "refused", spoil(hybrid("rsa2048", []byte("prod/db"), make([]byte, 32), hash[:])))
	for _, moved := range []struct{ file, about, sealedScope, keys, scope, namespace, name string }{
		{"other-name", "strict, moved to another name", "strict", "rsa2048", "strict", "prod", "db2"},
		{"other-namespace", "strict, moved to another namespace", "strict", "rsa2048", "strict", "prod2", "db"},
		{"other-split", "namespace and name swapped", "strict", "rsa2048", "strict", "db", "prod"},
		{"widened-to-namespace", "strict, opened as namespace-wide", "strict", "rsa2048", "namespace-wide", "prod", "db"},
		{"widened-to-cluster", "strict, opened as cluster-wide", "strict", "rsa2048", "cluster-wide", "prod", "db"},
		{"narrowed", "cluster-wide, opened as strict", "cluster-wide", "rsa2048", "strict", "prod", "db"},
		{"narrowed-to-namespace", "cluster-wide, opened as namespace-wide", "cluster-wide", "rsa2048", "namespace-wide", "prod", "db"},
		{"namespace-as-strict", "namespace-wide, opened as strict", "namespace-wide", "rsa2048", "strict", "prod", "db"},
		{"other-namespace-wide", "namespace-wide, in another namespace", "namespace-wide", "rsa2048", "namespace-wide", "prod2", "db"},
		{"unknown-key", "the key is another of the same size", "strict", "rsa2048-other", "strict", "prod", "db"},
		{"key-of-other-size", "the key is of another size", "strict", "rsa4096 rsa1024", "strict", "prod", "db"},
	} {
		item := raw(kubeseal, "rsa2048", moved.sealedScope, "prod", "db", []byte("value"))
		vector{moved.about, "refused", moved.keys, moved.scope, moved.namespace, moved.name, "", "kubeseal 0.40.0 --raw", item}.write("refused-" + moved.file)
	}
}

func spoil(item []byte) []byte {
	item[10] ^= 1
	return item
}

func join(block, rest []byte) []byte {
	return append(append(binary.BigEndian.AppendUint16(nil, uint16(len(block))), block...), rest...)
}

func hybrid(key string, label, sessionKey, value []byte) []byte {
	gcm := must(cipher.NewGCM(must(aes.NewCipher(sessionKey))))
	block := must(rsa.EncryptOAEP(sha256.New(), rand.Reader, public(key), sessionKey, label))
	return join(block, gcm.Seal(nil, make([]byte, gcm.NonceSize()), value, nil))
}

// certificate: one made by upstream's own function, which ours must equal but for serial number and signature.
func certificate() {
	key := must(keyutil.ParsePrivateKeyPEM(must(os.ReadFile(filepath.Join(*out, "keys/rsa2048.pem"))))).(*rsa.PrivateKey)
	notBefore := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for name, years := range map[string]int{"": 10, "seal.example": 30} {
		cert := must(crypto.SignKeyWithNotBefore(rand.Reader, key, notBefore, time.Duration(years)*365*24*time.Hour, name))
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
		must(0, os.WriteFile(filepath.Join(*out, "keys", fmt.Sprintf("upstream-%dy.crt", years)), text, 0o644))
	}
}
