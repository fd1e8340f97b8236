// Reader is a foreign reader of our checkpoints: that of the C2SP authors (transparency-dev/formats, x/mod/sumdb/note)
// and of RFC 6962 proofs (transparency-dev/merkle). It shares no line with the product; a test runs it.
//
// stdin: {"note", "log", "origin", "cosigners": [...], "leaf", "index", "path": [...]}; keys as verifier lines, bytes in
// base64. stdout: {"origin", "size", "root", "cosigned": {name: seconds}}. Exit code 1 with a sentence: it does not hold.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	f_log "github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

type asked struct {
	Note      string
	Log       string
	Origin    string
	Cosigners []string
	Leaf      []byte
	Index     uint64
	Path      [][]byte
}

func main() {
	if err := read(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read() error {
	var ask asked
	if err := json.NewDecoder(os.Stdin).Decode(&ask); err != nil {
		return err
	}
	logKey, err := note.NewVerifier(ask.Log)
	if err != nil {
		return fmt.Errorf("the key of the log: %w", err)
	}
	var others []note.Verifier
	for _, each := range ask.Cosigners {
		key, err := f_note.NewVerifierForCosignatureV1(each)
		if err != nil {
			return fmt.Errorf("the key of a cosigner: %w", err)
		}
		others = append(others, key)
	}
	head, _, signed, err := f_log.ParseCheckpoint([]byte(ask.Note), ask.Origin, logKey, others...)
	if err != nil {
		return fmt.Errorf("the checkpoint: %w", err)
	}
	cosigned := map[string]int64{}
	for _, each := range signed.Sigs {
		if each.Hash == logKey.KeyHash() {
			continue
		}
		at, err := f_note.CoSigV1Timestamp(each)
		if err != nil {
			return fmt.Errorf("the time of a cosignature: %w", err)
		}
		cosigned[each.Name] = at.Unix()
	}
	if ask.Leaf != nil {
		hash := rfc6962.DefaultHasher.HashLeaf(ask.Leaf)
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, ask.Index, head.Size, hash, ask.Path, head.Hash); err != nil {
			return fmt.Errorf("the proof: %w", err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"origin": head.Origin, "size": head.Size, "root": head.Hash, "cosigned": cosigned,
	})
}
