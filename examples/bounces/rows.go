package main

import "github.com/bulksmtp/bulksmtp/bounce"

// A row is a line of the output.
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

// rows returns the lines for a mail: one for each recipient, one at least.
func rows(m bounce.Mail) []row {
	base := row{File: m.File}
	if m.Err != nil {
		base.Error = m.Err.Error()
		return []row{base}
	}
	r := m.Report
	base.Error = doubt(r)
	base.Kind = r.Kind.String()
	if r.WhoSource != bounce.FromReport {
		base.VERPRecipient = r.Who
	}
	if r.Original != nil {
		base.MessageID = r.Original.MessageID
	}
	if r.Feedback != nil {
		base.FeedbackType = r.Feedback.Type
	}
	list := make([]row, 0, max(1, len(r.Recipients)))
	for i := range r.Recipients {
		list = append(list, base.with(&r.Recipients[i]))
	}
	if len(list) == 0 {
		list = append(list, base)
	}
	return list
}

// with returns the row for a recipient.
func (b row) with(r *bounce.Recipient) row {
	b.Recipient, b.OriginalRecipient = r.Address, r.Original
	b.Action, b.Status, b.Code, b.Class = string(r.Action), r.Status, r.Code, string(r.Class)
	if hard, known := r.Hard(); known {
		b.Hard = &hard
	}
	b.Diagnostic, b.RemoteMTA = r.Diagnostic, r.RemoteMTA
	return b
}
