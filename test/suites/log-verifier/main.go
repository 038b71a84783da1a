// Checks what the custody log writes with verifiers of other origin: golang.org/x/mod/sumdb (note, tlog) and
// transparency-dev (formats, merkle). Reads one JSON document from stdin; exits 0 when both accept all of it.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	f_log "github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type input struct {
	Log         string   `json:"log"`
	Witness     string   `json:"witness"`
	Checkpoint  []byte   `json:"checkpoint"`
	Leaf        []byte   `json:"leaf"`
	Index       int64    `json:"index"`
	Inclusion   [][]byte `json:"inclusion"`
	OldSize     int64    `json:"oldSize"`
	OldRoot     []byte   `json:"oldRoot"`
	Consistency [][]byte `json:"consistency"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("accepted")
}

func run() error {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		return err
	}
	logVerifier, err := note.NewVerifier(in.Log)
	if err != nil {
		return fmt.Errorf("log key: %w", err)
	}
	witness, err := f_note.NewVerifierForCosignatureV1(in.Witness)
	if err != nil {
		return fmt.Errorf("witness key: %w", err)
	}
	checkpoint, _, opened, err := f_log.ParseCheckpoint(in.Checkpoint, logVerifier.Name(), logVerifier, witness)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if len(opened.Sigs) != 2 {
		return fmt.Errorf("%d signatures verify, not those of log and witness", len(opened.Sigs))
	}
	return verifyTree(in, checkpoint)
}

func verifyTree(in input, checkpoint *f_log.Checkpoint) error {
	hasher := rfc6962.DefaultHasher
	size := checkpoint.Size
	leaf := hasher.HashLeaf(in.Leaf)
	if err := proof.VerifyInclusion(hasher, uint64(in.Index), size, leaf, in.Inclusion, checkpoint.Hash); err != nil {
		return fmt.Errorf("merkle, inclusion: %w", err)
	}
	if err := proof.VerifyConsistency(hasher, uint64(in.OldSize), size, in.Consistency, in.OldRoot, checkpoint.Hash); err != nil {
		return fmt.Errorf("merkle, consistency: %w", err)
	}
	root := hash(checkpoint.Hash)
	record := tlog.RecordHash(in.Leaf)
	if err := tlog.CheckRecord(hashes(in.Inclusion), int64(size), root, in.Index, record); err != nil {
		return fmt.Errorf("tlog, inclusion: %w", err)
	}
	if err := tlog.CheckTree(hashes(in.Consistency), int64(size), root, in.OldSize, hash(in.OldRoot)); err != nil {
		return fmt.Errorf("tlog, consistency: %w", err)
	}
	return nil
}

func hash(bytes []byte) tlog.Hash {
	parsed, err := tlog.ParseHash(base64.StdEncoding.EncodeToString(bytes))
	if err != nil {
		panic(err)
	}
	return parsed
}

func hashes(all [][]byte) []tlog.Hash {
	out := make([]tlog.Hash, len(all))
	for i, bytes := range all {
		out[i] = hash(bytes)
	}
	return out
}
