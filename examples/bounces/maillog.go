package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/bulksmtp/bulksmtp/bounce/maillog"
)

// A fateRow is a line of the output for a recipient in a log.
type fateRow struct {
	File      string `json:"file"`
	QueueID   string `json:"queue_id"`
	MessageID string `json:"message_id"`
	Sender    string `json:"sender"`
	Recipient string `json:"recipient"`
	OrigTo    string `json:"orig_to"`
	Final     string `json:"final"`
	DSN       string `json:"dsn"`
	Code      string `json:"code"`
	Attempts  int    `json:"attempts"`
	Relay     string `json:"relay"`
}

func newFateRow(file string, f *maillog.Fate) fateRow {
	return fateRow{
		File: file, QueueID: f.QueueID, MessageID: f.MessageID, Sender: f.Sender, Recipient: f.Recipient, OrigTo: f.OrigTo,
		Final: string(f.Final), DSN: f.DSN, Code: f.Code, Attempts: f.Attempts, Relay: f.Relay,
	}
}

// readLog writes a row for each recipient in a log.
func (p *program) readLog(name string, write func(any) error, s *summary) error {
	in := p.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("-maillog: %w", err)
		}
		defer f.Close()
		in = f
	}
	if err := readFates(name, in, write, s); err != nil {
		return fmt.Errorf("-maillog: %s: %w", name, err)
	}
	return nil
}

func readFates(name string, in io.Reader, write func(any) error, s *summary) error {
	reader, err := maillog.NewReader(in, maillog.Config{})
	if err != nil {
		return err
	}
	for fate, err := range reader.Fates() {
		if err != nil {
			return err
		}
		if err := write(newFateRow(name, &fate)); err != nil {
			return err
		}
		s.fates[string(fate.Final)]++
	}
	stats := reader.Stats()
	s.damaged += stats.Damaged
	if stats.Lines > 0 && stats.Damaged == stats.Lines {
		return errors.New("is no log")
	}
	return nil
}
