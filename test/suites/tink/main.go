// Opens or seals one part of a sealed object with Google's Tink, which shares no code with Treuhand.
//
//	tink open|seal KEY ASSOCIATED-DATA < in > out      (both in hexadecimal)
package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: tink open|seal KEY ASSOCIATED-DATA")
	}
	key, err := hex.DecodeString(args[1])
	if err != nil {
		return err
	}
	associatedData, err := hex.DecodeString(args[2])
	if err != nil {
		return err
	}
	// The parameters of docs/object-format.md, 6.1.
	aead, err := subtle.NewAESGCMHKDF(key, "SHA256", 32, 65536, 0)
	if err != nil {
		return err
	}
	if args[0] == "open" {
		plaintext, err := aead.NewDecryptingReader(os.Stdin, associatedData)
		if err != nil {
			return err
		}
		_, err = io.Copy(os.Stdout, plaintext)
		return err
	}
	sealed, err := aead.NewEncryptingWriter(os.Stdout, associatedData)
	if err != nil {
		return err
	}
	if _, err := io.Copy(sealed, os.Stdin); err != nil {
		return err
	}
	return sealed.Close()
}
