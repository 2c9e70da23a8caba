package main

import (
	"encoding/json"
	"os"

	"github.com/bulksmtp/bulksmtp/bounce"
)

type row struct {
	File              string `json:"file"`
	Kind              string `json:"kind"`
	Recipient         string `json:"recipient"`
	OriginalRecipient string `json:"original_recipient"`
	VERPRecipient     string `json:"verp_recipient"`
	Action            string `json:"action"`
	Status            string `json:"status"`
	Code              int    `json:"code"`
	Class             string `json:"class"`
	Hard              *bool  `json:"hard"`
	FeedbackType      string `json:"feedback_type"`
	Diagnostic        string `json:"diagnostic"`
	RemoteMTA         string `json:"remote_mta"`
	MessageID         string `json:"message_id"`
	Error             string `json:"error"`
}

func main() {
	p, _ := bounce.New(bounce.Config{})
	e := json.NewEncoder(os.Stdout)
	for _, path := range os.Args[1:] {
		mails, err := p.Path(path)
		if err != nil {
			panic(err)
		}
		for m := range mails {
			r := row{File: m.File}
			if m.Err != nil {
				r.Error = m.Err.Error()
				e.Encode(r)
				continue
			}
			r.Kind = m.Report.Kind.String()
			if f := m.Report.Feedback; f != nil {
				r.FeedbackType = f.Type
			}
			if len(m.Report.Recipients) == 0 {
				e.Encode(r)
			}
			for _, c := range m.Report.Recipients {
				r.Recipient, r.OriginalRecipient = c.Address, c.Original
				r.Action, r.Status, r.Code, r.Class = string(c.Action), c.Status, c.Code, string(c.Class)
				r.Hard = nil
				if h, ok := c.Hard(); ok {
					r.Hard = &h
				}
				r.Diagnostic, r.RemoteMTA = c.Diagnostic, c.RemoteMTA
				e.Encode(r)
			}
		}
	}
}
